import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type ExecutorDocument, type Resolution, systemClock } from "@executor-registry/resolver";
import { parse } from "yaml";
import { clusterService } from "../../../../testing/cluster-service.ts";
import { eventually } from "../../../../testing/cluster.ts";
import { exampleService } from "../../../../testing/example-service.ts";
import { kubernetesServer } from "../../../../testing/kubernetes-server.ts";
import type { Outcome } from "../../../../testing/cli.ts";
import { fakeIo, runHere } from "../testing/fake-io.ts";

const ML = "docker.io/library/executor-ml@sha256:3f31356aa6df330e1e7c2427c7fccfe6c8fc662ade083025045747c074583302";
const json = ({ stdout }: Outcome): unknown => JSON.parse(stdout);
type Entries = readonly {
  readonly sequence: number;
  readonly change: { readonly type: string; readonly kind: string };
}[];

describe("against a registry service", () => {
  let service: Awaited<ReturnType<typeof exampleService>>;
  before(async () => (service = await exampleService("auth: { writes: open }")));
  after(() => service.close());
  const ask = (...args: string[]): Promise<Outcome> =>
    runHere([...args, "--registry", service.url], fakeIo({ clock: systemClock }));

  test("list says what the service resolves", async () => {
    const { code, stdout, stderr } = await ask("list");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(
      stdout,
      /^TYPE .*\netl +0\.9\.2 +registry +\d+s +only-candidate\nml +1\.4\.0 +registry +\d+s +policy\nnlp /,
    );
  });

  test("resolve prints the image by digest, also where only the environment names the service", async () => {
    assert.equal((await ask("resolve", "ml")).stdout, `${ML}\n`);
    const io = fakeIo({ clock: systemClock, env: { EXECUTOR_REGISTRY_URL: service.url } });
    const resolution = json(await runHere(["resolve", "ml", "-o", "json"], io)) as Resolution;
    assert.deepEqual([resolution.environment, resolution.source, resolution.image], ["production", "registry", ML]);
  });

  test("watch prints what is, then what changes, until it is asked to end", async () => {
    const ending = new AbortController();
    const lines: string[] = [];
    const wrote = (line: string): void => void (lines.push(line) === 3 && ending.abort());
    const io = fakeIo({ clock: systemClock, signal: ending.signal, wrote });
    assert.equal((await runHere(["watch", "-o", "name", "--registry", service.url], io)).code, 130);
    assert.deepEqual(lines.sort(), ["executor/etl\n", "executor/ml\n", "executor/nlp\n"]);
  });

  test("of several URLs the first that answers counts", async () => {
    const gone = await exampleService();
    await gone.close();
    for (const command of [
      ["get", "ml", "-o", "name"],
      ["list", "-o", "name"],
    ]) {
      const { code, stdout } = await runHere(
        [...command, "--registry", `${gone.url},${service.url}`],
        fakeIo({ clock: systemClock }),
      );
      assert.equal(code, 0);
      assert.match(stdout, /^executor\/ml$/m);
    }
  });

  test("get prints the whole document, as YAML unless another format is asked for", async () => {
    const document = json(await ask("get", "ml", "-o", "json")) as ExecutorDocument;
    assert.deepEqual([document.image, document.capabilities, document.versions], [ML, ["amd64", "cpu", "cuda"], 3]);
    assert.deepEqual(parse((await ask("get", "ml")).stdout), document);
    assert.equal((await ask("get", "ml", "-o", "name")).stdout, "executor/ml\n");
    const [headers, row] = (await ask("get", "ml", "-o", "wide")).stdout.split("\n");
    assert.match(headers ?? "", /^TYPE +VERSION +SOURCE +AGE +VALIDATED +OWNER +CAPABILITIES +IMAGE +REASON$/);
    assert.match(row ?? "", /^ml +1\.4\.0 +examples +\d+s +yes +<none> +amd64,cpu,cuda +docker\.io\//);
  });

  test("get of an unknown type ends as resolve does, with what is meant perhaps", async () => {
    for (const command of ["get", "versions", "resolve"]) {
      const { code, stdout, stderr } = await ask(command, "mll");
      assert.deepEqual([code, stdout], [3, ""]);
      assert.match(stderr, /"mll".*did you mean ml\?/);
    }
  });

  test("versions lists every image, newest first, and why it is what it is", async () => {
    const { stdout } = await ask("versions", "ml");
    const [headers, ...rows] = stdout.trimEnd().split("\n");
    assert.match(headers ?? "", /^VERSION +STATE +CURRENT +AGE +DIGEST +WHY$/);
    assert.deepEqual(
      rows.map((row) => row.split(/ {2,}/).slice(0, 3)),
      [
        ["1.4.0", "admitted", "yes"],
        ["1.3.1", "admitted", rows[1]!.split(/ {2,}/)[2]],
        ["1.3.0", "admitted", rows[2]!.split(/ {2,}/)[2]],
      ],
    );
    assert.match(rows[0]!, /3f31356aa6df +approved-namespace: /);
    assert.equal((await ask("versions", "ml", "-o", "name")).stdout.split("\n")[0], ML);
  });

  test("journal lists changes newest first, filtered as asked", async () => {
    const all = json(await ask("journal", "-o", "json")) as Entries;
    assert.deepEqual(
      all.map(({ sequence }) => sequence),
      all.map((_, index) => all.length - index),
    );
    const found = json(await ask("journal", "--type", "ml", "--kind", "image-found", "-o", "json")) as Entries;
    assert.deepEqual(
      found.map(({ change: { type, kind } }) => [type, kind]),
      [1, 2, 3].map(() => ["ml", "image-found"]),
    );
    assert.equal(
      (await ask("journal", "--limit", "2", "-o", "name")).stdout,
      `entry/${all.length}\nentry/${all.length - 1}\n`,
    );
    const system = json(await ask("journal", "--since", "1h", "--actor", "system", "-o", "json")) as Entries;
    assert.deepEqual(
      system.map(({ change: { kind } }) => kind).sort(),
      ["capabilities-found", "type-claimed", "version-served"].flatMap((kind) => [1, 2, 3].map(() => kind)),
    );
    assert.deepEqual(json(await ask("journal", "--since", "2999-01-01", "-o", "json")), []);
    const whole = await ask("journal");
    assert.equal(whole.stderr, "");
    assert.match(whole.stdout, /^SEQUENCE +AT +ACTOR +KIND +TYPE +WHY\n/);
  });

  test("refresh --wait prints what the scans found", async () => {
    const { code, stdout } = await ask("refresh", "--wait");
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^SOURCE +REPOSITORIES +CHANGES +UNREAD +REQUESTS +COMPLETE +PROBLEM\nexamples +3 +0 +0 +0 +yes\n$/,
    );
    const { code: accepted, stderr } = await ask("refresh", "ml");
    assert.deepEqual([accepted, stderr], [0, "the service will scan now\n"]);
  });

  test("refresh --wait ends with 5 when a source cannot be read", async () => {
    await using broken = await exampleService("auth: { writes: open }");
    const text = "auth: { writes: open }\nsources: [{ name: gone, kind: oci-layout, path: /nowhere }]";
    await broken.configure(text);
    const { code, stdout } = await runHere(["refresh", "--wait", "--registry", broken.url]);
    assert.equal(code, 5);
    assert.match(stdout, /^gone +0 +\d+ +0 +0 +no +.*\/nowhere/m);
  });

  test("refresh --wait shows on a terminal how far it is, and clears it", async () => {
    const io = fakeIo({ clock: systemClock, terminal: true });
    const { code, stderr } = await runHere(["refresh", "--wait", "--registry", service.url], io);
    assert.equal(code, 0);
    assert.match(stderr, /scanning …/);
    assert.ok(stderr.endsWith("\r\u001b[K"));
  });

  test("types are completed from the service", async () => {
    const complete = async (...words: string[]): Promise<string> =>
      (await runHere(["__complete", "--registry", service.url, ...words])).stdout;
    assert.equal(await complete("get", "m"), "ml\t1.4.0\n:4\n");
    assert.equal(await complete("versions", ""), "etl\t0.9.2\nml\t1.4.0\nnlp\t2026-11-20\n:4\n");
    assert.equal(await complete("journal", "--type", "n"), "nlp\t2026-11-20\n:4\n");
    assert.equal(await complete("journal", "--type=n"), "nlp\t2026-11-20\n:4\n");
  });

  test("what the service does not understand is wrong usage", async () => {
    const { code, stderr } = await ask("journal", "--kind", "nothing");
    assert.equal(code, 2);
    assert.match(stderr, /query parameter kind: .*image-found/);
  });
});

describe("a registry service that requires tokens", () => {
  const TOKEN = "open-sesame";
  const sha256 = createHash("sha256").update(TOKEN).digest("hex");
  const auth = `auth: { reads: token, tokens: [{ name: ci, role: reader, sha256: ${sha256} }] }`;

  test("takes that of --token-file, and refuses what its role does not allow", async () => {
    await using service = await exampleService(auth);
    const folder = await mkdtemp(join(tmpdir(), "token-"));
    try {
      const file = join(folder, "token");
      await writeFile(file, `${TOKEN}\n`);
      const ask = (...args: string[]): Promise<Outcome> =>
        runHere([...args, "--registry", service.url], fakeIo({ clock: systemClock }));
      for (const command of [["get", "ml"], ["list"]]) {
        assert.equal((await ask(...command)).code, 4);
        assert.equal((await ask(...command, "--token-file", file)).code, 0);
      }
      const { code, stderr } = await ask("refresh", "--token-file", file);
      assert.equal(code, 4);
      assert.match(stderr, /dispatcher/);
      assert.match(
        (await ask("get", "ml", "--token-file", "/nowhere")).stderr,
        /token file \/nowhere cannot be read: ENOENT/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("who is asked", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["list --registry ftp://x", /^error: .*no http or https URL/],
    ["get ml --registry https://user:open-sesame@x", /^error: .*holds credentials/],
    ["get ml --registry http://x --context kind", /^error: .*--context has no meaning with it/],
    ["get ml --registry http://x --layout y", /^error: .*--layout has no meaning/],
    ["list --token-file x", /^error: --token-file is for the service/],
    ["get ml --service A/b --kubeconfig /nowhere", /^error: /],
    ["list --layout examples/layout --service x", /^error: --layout reads a folder/],
    ["journal --since yesterday", /^error: --since yesterday is neither a span/],
    ["journal --limit 0", /^error: --limit 0 is not a number from 1 on/],
  ];
  for (const [line, message] of cases) {
    test(`${line} is wrong usage`, async () => {
      const { code, stdout, stderr } = await runHere(line.split(" "));
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /open-sesame/);
    });
  }

  test("in production without a URL, the one to set is named", async () => {
    const { code, stderr } = await runHere(["list"], fakeIo({ env: { EXECUTOR_ENVIRONMENT: "production" } }));
    assert.equal(code, 2);
    assert.match(stderr, /set EXECUTOR_REGISTRY_URL/);
  });

  test("a service that is away ends it with 5", async () => {
    const { url, close } = await exampleService();
    await close();
    for (const command of [["get", "ml"], ["list"]]) {
      const { code, stderr } = await runHere([...command, "--registry", url], fakeIo({ clock: systemClock }));
      assert.equal(code, 5);
      assert.match(stderr, /ECONNREFUSED/);
    }
  });
});

test("get and versions show what a service found in a cluster, with what shows its age", async () => {
  await using cluster = await kubernetesServer();
  const image = `executor-ml:${"a".repeat(64)}`;
  cluster.put("executors", { data: { ml: image } });
  await using serving = await clusterService(cluster);
  const { url } = serving.service;
  const ask = (...args: string[]) => runHere([...args, "--registry", url], fakeIo({ clock: systemClock }));
  await eventually("the cluster's answer", 10_000, async () =>
    (await ask("get", "ml")).code === 0 ? true : undefined,
  );
  assert.equal((json(await ask("get", "ml", "-o", "json")) as ExecutorDocument).live?.candidates[0]?.image, image);
  const [, row = ""] = (await ask("versions", "ml")).stdout.split("\n");
  assert.match(row, /^a+ +live +yes +\S+ +<none> +declared by ConfigMap\/executors/);
  assert.equal((await ask("versions", "ml", "-o", "name")).stdout, `${image}\n`);
});
