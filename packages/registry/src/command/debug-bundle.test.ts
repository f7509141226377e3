import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseTarGzip } from "nanotar";
import { parse } from "yaml";
import { freePort } from "../../../../testing/postgres-server.ts";
import { serving } from "../../../../testing/serving.ts";
import { fakeIo, runHere } from "../testing/process-io.ts";

const LAYOUT = fileURLToPath(new URL("../../../../examples/layout", import.meta.url));

/** None of them may be in a bundle, by where it is planted. */
const SECRETS = {
  passwordFile: "planted-password",
  headerVariable: "planted header/with=odd+signs",
  slackUrl: "https://hooks.slack.example/T0/planted-slack-path",
  proxyPassword: "planted-proxy",
  forwardPassword: "planted-forward",
  forwardParameter: "planted-parameter",
  docsToken: "planted-docs",
  token: "planted-reader",
};

let folder: string;
before(async () => (folder = await mkdtemp(join(tmpdir(), "debug-bundle-"))));
after(() => rm(folder, { recursive: true }));
const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

async function unpacked(archive: string): Promise<Readonly<Record<string, string>>> {
  const files = await parseTarGzip(await readFile(archive));
  return Object.fromEntries(files.map(({ name, text }) => [name.replace(/^.*\//, ""), text]));
}

function assertNoSecrets(files: Readonly<Record<string, string>>): void {
  for (const [place, secret] of Object.entries(SECRETS)) {
    for (const [name, text] of Object.entries(files)) {
      for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")]) {
        assert.ok(!text.includes(form), `${name} holds ${place}`);
      }
    }
  }
}

async function configuration(): Promise<string> {
  const sha256 = createHash("sha256").update(SECRETS.token).digest("hex");
  const { forwardPassword, forwardParameter, docsToken } = SECRETS;
  return `listen: { host: 127.0.0.1, port: 0 }
sources:
  - { name: examples, kind: oci-layout, path: ${LAYOUT} }
  - name: private
    kind: oci
    host: 127.0.0.1:1
    repositories: ["**"]
    credentials: { username: robot, password: { file: ${await file("password", `${SECRETS.passwordFile}\n`)} } }
webhooks:
  - { name: pushes, kind: distribution, headers: { authorization: { env: PUSHES_HEADER } } }
audit:
  forward:
    - { name: log, kind: http, url: "http://collector:${forwardPassword}@127.0.0.1:1/in?region=eu&access_token=${forwardParameter}" }
notifications:
  - { name: chat, kind: slack, url: { file: ${await file("slack", SECRETS.slackUrl)} } }
executors: { types: { ml: { docs: "https://${docsToken}@docs.example/ml" } } }
checks: { approvedNamespaces: ["127.0.0.1:1/**"] }
auth: { reads: token, tokens: [{ name: view, role: reader, sha256: ${sha256} }] }
`;
}

const env = {
  PUSHES_HEADER: SECRETS.headerVariable,
  HTTPS_PROXY: `http://robot:${SECRETS.proxyPassword}@127.0.0.1:1`,
};

describe("debug bundle", () => {
  test("has what a running service says, its configuration and facts, and no secret", async () => {
    const config = await file("registry.yaml", await configuration());
    await using service = await serving(config, env);
    const token = await file("token", `${SECRETS.token}\n`);
    const archive = join(folder, "bundle.tar.gz");
    const argv = ["debug", "bundle", "--config", config, "--url", service.url, "--token-file", token, "-o", archive];
    const { code, stdout, stderr } = await runHere(argv, fakeIo({ env }));
    assert.deepEqual([code, stdout, stderr], [0, `${archive}\n`, ""]);
    assert.equal((await stat(archive)).mode & 0o777, 0o600);

    const files = await unpacked(archive);
    const names = ["configuration.yaml", "facts.json", "findings.txt", "health.json", "journal.json", "metrics.txt"];
    assert.deepEqual(Object.keys(files).sort(), names);
    assertNoSecrets(files);
    const printed = parse(files["configuration.yaml"]!) as { audit: { forward: { url: string }[] } };
    assert.equal(
      printed.audit.forward[0]?.url,
      "http://(hidden)@127.0.0.1:1/in?region=eu&access_token=(hidden)",
      "the rest of a URL stays",
    );
    assert.match(files["findings.txt"]!, /has no mistakes/);
    const health = JSON.parse(files["health.json"]!) as { sources: object[] };
    assert.equal(health.sources.length, 2);
    assert.match(files["metrics.txt"]!, /^executor_registry_\w+.* \d/m);
    const { entries } = JSON.parse(files["journal.json"]!) as { entries: { sequence: number }[] };
    assert.ok(entries.length > 0 && entries.length <= 200);
    const facts = JSON.parse(files["facts.json"]!) as { node: string; service: string; collected: string };
    assert.equal(facts.node, process.version);
    assert.equal(facts.service, `${service.url}/`);
    assert.equal(facts.collected, "2026-11-23T00:00:00.000Z");

    const again = await runHere(argv, fakeIo({ env }));
    assert.equal(again.code, 2);
    assert.match(again.stderr, /bundle\.tar\.gz is there already; --force replaces it/);
    assert.equal((await runHere([...argv, "--force"], fakeIo({ env }))).code, 0);
  });

  test("says that a service which asks for a token needs one", async () => {
    const config = await file("registry.yaml", await configuration());
    await using service = await serving(config, env);
    const archive = join(folder, "without-token.tar.gz");
    const argv = ["debug", "bundle", "--config", config, "--url", service.url, "-o", archive];
    const { code, stderr } = await runHere(argv, fakeIo({ env }));
    assert.equal(code, 0);
    assert.match(
      stderr,
      /^not collected: metrics\.txt: .*metrics answers 401; give a reader's token with --token-file$/m,
    );
    const { "not-collected.txt": problems = "", "health.json": health = "" } = await unpacked(archive);
    assert.match(problems, /^journal\.json: .* answers 401/m);
    assert.match(health, /"status"/, "the status alone needs no token");
  });

  test("of a service that is down has the rest, and says what is missing", async () => {
    const text = (await configuration()).replace("port: 0", `port: ${await freePort()}`);
    const config = await file("down.yaml", text);
    const archive = join(folder, "down.tar.gz");
    const { code, stderr } = await runHere(["debug", "bundle", "--config", config, "-o", archive], fakeIo({ env }));
    assert.equal(code, 0);
    const files = await unpacked(archive);
    assertNoSecrets({ ...files, stderr });
    const names = ["configuration.yaml", "facts.json", "findings.txt", "not-collected.txt"];
    assert.deepEqual(Object.keys(files).sort(), names);
    for (const name of ["health.json", "metrics.txt", "journal.json"]) {
      assert.match(files["not-collected.txt"]!, new RegExp(`^${name}: .*ECONNREFUSED`, "m"));
      assert.match(stderr, new RegExp(`^not collected: ${name}: `, "m"));
    }
  });

  test("of a configuration with mistakes has these, without what was written where a secret's place belongs", async () => {
    const text = `store: postgres://app:${SECRETS.forwardPassword}@db.example/registry
sources: [{ name: a, kind: oci, host: r.test, repositories: ["**"], credentials: { username: u, password: ${SECRETS.passwordFile} } }]
`;
    const config = await file("mistakes.yaml", text);
    const archive = join(folder, "mistakes.tar.gz");
    const { code, stderr } = await runHere(["debug", "bundle", "--config", config, "-o", archive]);
    assert.equal(code, 0);
    const files = await unpacked(archive);
    assertNoSecrets({ ...files, stderr });
    assert.match(
      files["findings.txt"]!,
      /mistakes\.yaml:2: sources\[0\]\.credentials\.password: expected \{file: PATH\}/,
    );
    assert.equal(files["configuration.yaml"], undefined);
    assert.match(stderr, /^not collected: health\.json: the configuration has mistakes; name the service's address/m);
  });

  test("is made without a configuration too", async () => {
    const archive = join(folder, "nothing.tar.gz");
    const argv = ["debug", "bundle", "--config", join(folder, "absent.yaml"), "-o", archive];
    const { code, stderr } = await runHere(argv);
    assert.equal(code, 0);
    assert.deepEqual(Object.keys(await unpacked(archive)).sort(), ["facts.json", "not-collected.txt"]);
    assert.match(stderr, /^not collected: configuration\.yaml: .*cannot be read \(ENOENT\)/m);
  });

  test("an address with credentials in it is refused without being shown", async () => {
    const { code, stderr } = await runHere(["debug", "bundle", "--url", `http://u:${SECRETS.token}@127.0.0.1:1`]);
    assert.equal(code, 2);
    assert.match(stderr, /--url/);
    assertNoSecrets({ stderr });
  });
});
