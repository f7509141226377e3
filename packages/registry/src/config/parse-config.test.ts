import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { InvalidConfigurationError, parseConfig } from "./parse-config.ts";

function mistakesOf(text: string): string[] {
  try {
    parseConfig(text, "registry.yaml");
  } catch (error) {
    assert.ok(error instanceof InvalidConfigurationError, String(error));
    return error.mistakes.map(({ path, line, message }) => `${line ?? "-"} ${path}: ${message}`);
  }
  return [];
}

describe("a configuration", () => {
  test("needs nothing: everything has a default", () => {
    const config = parseConfig("", "registry.yaml");
    assert.deepEqual(
      [config.listen.port, config.store, config.auth.reads, config.sources],
      [8080, "memory:", "open", []],
    );
  });

  test("has durations with units", () => {
    const { sources } = parseConfig("sources: [{name: a, kind: oci-layout, path: x, interval: 90s}]", "registry.yaml");
    assert.deepEqual(sources, [{ name: "a", kind: "oci-layout", path: "x", interval: 90_000, jitter: 0.1 }]);
  });

  test("reports every mistake at once, with its place", () => {
    const text = `listen:
  port: 99999
store: oracle:somewhere
executors: { template: executor }
sources:
  - name: main
    kind: oci
    host: registry.test:5000
    repositories: []
    colour: blue
  - { name: main, kind: oci-layout, path: x, interval: 5 minutes }
  - { name: other, kind: ftp }
auth:
  tokens: [{ name: ci, role: king, sha256: abc }]
`;
    const mistakes = mistakesOf(text).map((mistake) => mistake.replace(/ Expected 'oci'.*|; there are .*/, ""));
    assert.deepEqual(mistakes, [
      "2 listen.port: Too big: expected number to be <=65535",
      '3 store: no store is named by "oracle:" so',
      '4 executors.template: invalid executor template "executor": it must hold {type} exactly once',
      "9 sources[0].repositories: Too small: expected array to have >=1 items",
      "10 sources[0].colour: there is no such setting",
      "11 sources[1].interval: expected a number and a unit, such as 30s, 5m or 1h",
      "12 sources[2].kind: Invalid discriminator value.",
      '14 auth.tokens[0].role: Invalid option: expected one of "reader"|"dispatcher"|"operator"',
      "14 auth.tokens[0].sha256: expected the SHA-256 of the token, in hex: printf %s TOKEN | sha256sum",
    ]);
  });

  test("that is no YAML says where", () => {
    const [mistake] = mistakesOf("checks: {}\nsources: [");
    assert.match(mistake ?? "", /^\d+ : Flow sequence/);
  });

  test("two sources cannot have one name", () => {
    const source = "{name: a, kind: oci-layout, path: x}";
    assert.deepEqual(mistakesOf(`sources:\n  - ${source}\n  - ${source}\n`), [
      '3 sources[1].name: "a" is the name of another of the sources',
    ]);
  });

  test("a cluster needs a name alone, takes no events, and stands beside no checks", () => {
    const cluster = "{name: kind, kind: cluster}";
    assert.deepEqual(parseConfig(`sources: [${cluster}]`, "registry.yaml").sources, [
      {
        name: "kind",
        kind: "cluster",
        from: ["declared", "configmap", "nodes"],
        configMap: "executors",
        ledger: "write",
      },
    ]);
    const text = `sources:\n  - ${cluster}\nqueues:\n  - {name: q, kind: sqs, source: kind, queueUrl: "https://q.test/1/q"}\n`;
    assert.deepEqual(mistakesOf(`${text}checks: {approvedNamespaces: ["r.test/**"]}`), [
      "2 sources[0].kind: images of a cluster's nodes are not checked: have checks, or a source of kind cluster, not both in one service",
      '4 queues[0].source: "kind" is a cluster, which is watched: it needs no events',
    ]);
  });

  test("secrets come from files and the environment; one that is missing is a mistake that quotes nothing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "config-"));
    try {
      await writeFile(join(folder, "password"), "open-sesame\n");
      const source = (password: string): string =>
        `sources: [{name: a, kind: oci, host: r.test, repositories: ["**"], credentials: {username: u, password: ${password}}}]`;
      const { sources } = parseConfig(source(`{file: ${join(folder, "password")}}`), "registry.yaml");
      const [oci] = sources;
      assert.deepEqual(oci?.kind === "oci" && oci.credentials, { username: "u", password: "open-sesame" });
      assert.match(
        mistakesOf(source("{file: /nowhere/at/all}")).join(),
        /\/nowhere\/at\/all cannot be read \(ENOENT\)/,
      );
      assert.match(mistakesOf(source("{env: NO_SUCH_VARIABLE_HERE}")).join(), /NO_SUCH_VARIABLE_HERE is not set/);
      const authority = `sources: [{name: a, kind: oci, host: r.test, repositories: ["**"], ca: {file: ${join(folder, "password")}}}]`;
      assert.match(mistakesOf(authority).join(), /sources\[0\]\.ca: expected certificates in PEM/);
      const sender = "{name: w, kind: distribution, headers: {Authorization: {env: WORD}}}";
      const [webhook] = parseConfig(`webhooks: [${sender}]`, "registry.yaml", { WORD: "open-sesame" }).webhooks;
      assert.deepEqual(webhook?.kind === "distribution" && webhook.headers, { Authorization: "open-sesame" });
      const literal = mistakesOf(source("open-sesame")).join();
      assert.doesNotMatch(literal, /open-sesame/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
