import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { makeSigningKey, makeSigstore } from "../../../../testing/sigstore.ts";
import { makePolicies } from "../checks/checks.ts";
import { refuseUnchecked } from "./load-config.ts";
import { InvalidConfigurationError, parseConfig } from "./parse-config.ts";

const OCI = 'sources: [{name: main, kind: oci, host: r.test, repositories: ["**"]}]\n';

function mistakesOf(text: string): string[] {
  try {
    refuseUnchecked(parseConfig(text, "registry.yaml"), "registry.yaml");
  } catch (error) {
    assert.ok(error instanceof InvalidConfigurationError, String(error));
    return error.mistakes.map(({ path, line, message }) => `${line ?? "-"} ${path}: ${message}`);
  }
  return [];
}

describe("the settings of checks", () => {
  test("take keys and a trusted root from files: another content is another configuration of the check", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "checks-"));
    t.after(() => rm(folder, { recursive: true }));
    const [key, root] = [join(folder, "cosign.pub"), join(folder, "trusted_root.json")];
    const inline = makeSigningKey().pem.replaceAll("\n", "\n          ");
    const text = `checks:
  approvedNamespaces: ["**"]
  policies:
    - name: signed
      signature:
        keys:
        - {file: ${key}}
        - |
          ${inline}
        identities: [{issuer: "https://issuer.test", subject: release@acme.test}]
        trustedRoot: {file: ${root}}
`;
    const fingerprint = async (): Promise<string | undefined> => {
      const { checks } = parseConfig(text, "registry.yaml");
      return makePolicies(checks ?? "none")
        .of("ml")
        .checks.find(({ name }) => name === "signature")?.fingerprint;
    };
    assert.match(
      mistakesOf(text).join("\n"),
      /keys\[0\]: .*cosign\.pub cannot be read \(ENOENT\)[^]*trusted_root\.json cannot be read/,
    );
    await writeFile(key, makeSigningKey().pem);
    await writeFile(root, (await makeSigstore()).trustedRoot);
    const first = await fingerprint();
    assert.ok(first !== undefined && first === (await fingerprint()));
    await writeFile(root, (await makeSigstore()).trustedRoot);
    const second = await fingerprint();
    await writeFile(key, makeSigningKey().pem);
    assert.equal(new Set([first, second, await fingerprint()]).size, 3);
  });

  test("are needed as soon as images come from elsewhere than one's own files, or `checks: none` is", () => {
    assert.deepEqual(mistakesOf(OCI), [
      '- checks: nothing says what images of the source "main" must pass: name approved repositories in checks.approvedNamespaces, or write `checks: none` to serve every image that is found',
    ]);
    assert.deepEqual(mistakesOf(`${OCI}checks: none\n`), []);
    assert.deepEqual(mistakesOf(`${OCI}checks: {approvedNamespaces: ["r.test/team/*"]}\n`), []);
    assert.deepEqual(mistakesOf("sources: [{name: mine, kind: oci-layout, path: images}]\n"), []);
  });

  test("that approve nothing are a mistake", () => {
    const message =
      "nothing is approved: name repositories in approvedNamespaces, or write `checks: none` to approve every image";
    assert.deepEqual(mistakesOf("checks: {}\n"), [`1 checks: ${message}`]);
    assert.deepEqual(mistakesOf("checks:\n  approvedNamespaces: []\n"), [`1 checks: ${message}`]);
    assert.deepEqual(mistakesOf("checks:\n  policies:\n    - name: all\n"), [
      "3 checks.policies[0].namespaces: no repository is approved for these types: name some here, or in checks.approvedNamespaces",
    ]);
  });

  test("that say something else in place of none or settings", () => {
    assert.deepEqual(mistakesOf("checks: all\n"), ["1 checks: expected `none`, or settings"]);
    assert.deepEqual(mistakesOf("checks: {approvedNamespaces: 7}\n"), [
      "1 checks.approvedNamespaces: Invalid input: expected array, received number",
    ]);
  });

  test("a policy's mistakes are where they are: names, what it extends, misspelled settings, modes", () => {
    const policies = [
      "- {name: a, extends: b}",
      "- {name: b, extends: a, namespaces: {allow: [x/**], mode: audit}}",
      "- {name: b, namespaces: {allow: [x/**]}}",
      "- {name: c, extends: d, signatures: {}}",
      "- {name: No, deadline: 3, namespaces: {allow: [{repositories: x}]}}",
    ];
    const mistakes = mistakesOf(`checks:\n  policies:\n    ${policies.join("\n    ")}\n`);
    assert.deepEqual(
      mistakes.map((mistake) => mistake.split(": ", 1)[0] ?? "").toSorted((a, b) => a.localeCompare(b)),
      [
        "4 checks.policies[1].namespaces.mode",
        "6 checks.policies[3].signatures",
        "7 checks.policies[4].deadline",
        "7 checks.policies[4].name",
        "7 checks.policies[4].namespaces.allow[0].owner",
      ],
    );
    const named = mistakesOf(
      `checks:\n  approvedNamespaces: [x/**]\n  policies: [{name: a, extends: b}, {name: b, extends: a}, {name: b}, {name: c, extends: d}]\n`,
    );
    assert.deepEqual(
      named.map((mistake) => mistake.replace(/^\d+ checks\.policies/, "")),
      [
        '[0].extends: "a" would extend itself',
        '[1].extends: "b" would extend itself',
        '[2].name: "b" is the name of another policy',
        '[3].extends: there is no policy "d"',
      ],
    );
  });
});
