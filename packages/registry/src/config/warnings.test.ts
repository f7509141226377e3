import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { parseConfig } from "./parse-config.ts";
import { configWarnings } from "./warnings.ts";

const warned = (text: string): readonly string[] =>
  configWarnings(parseConfig(text, "test.yaml")).map(({ code, path }) => `${code} ${path}`);

describe("a configuration is warned of", () => {
  test("where everybody may write, and other machines reach it", () => {
    for (const host of ["0.0.0.0", "'::'", "192.0.2.1", "registry.example.com"])
      assert.deepEqual(warned(`listen: {host: ${host}}\nauth: {writes: open}`), ["open-writes auth.writes"], host);
    assert.deepEqual(warned("auth: {writes: open}"), ["open-writes auth.writes"]);
  });

  test("in no case where only its own machine reaches it, or writing needs a token", () => {
    for (const host of ["127.0.0.1", "'::1'", "localhost", "127.8.8.8"])
      assert.deepEqual(warned(`listen: {host: ${host}}\nauth: {writes: open}`), [], host);
    assert.deepEqual(warned("auth: {reads: open}"), []);
    assert.deepEqual(configWarnings(parseConfig(readFileSync("examples/registry.yaml", "utf8"), "test.yaml")), []);
  });

  test("by a code that docs/logs.md explains", () => {
    assert.match(readFileSync("docs/logs.md", "utf8"), /^\| `open-writes` \|/m);
  });
});
