import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { InvalidConfigurationError, parseConfig } from "./parse-config.ts";

const source = (more: string): string => `sources: [{ name: a, kind: oci-layout, path: x, ${more} }]`;

function mistakesOf(text: string): readonly string[] {
  try {
    parseConfig(text, "registry.yaml");
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidConfigurationError, String(error));
    return error.mistakes.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe("what a configuration may say", () => {
  test("red-12: an interval is a second or more, and a leap year at most", () => {
    for (const [interval, ms] of [
      ["1s", 1000],
      ["1000ms", 1000],
      ["30d", 30 * 86_400_000],
      ["60d", 60 * 86_400_000],
      ["366d", 366 * 86_400_000],
    ] as const) {
      const [only] = parseConfig(source(`interval: ${interval}`), "registry.yaml").sources;
      assert.equal(only?.kind === "oci-layout" && only.interval, ms);
    }
    for (const interval of ["0s", "0d", "999ms", "367d", "999999999d"]) {
      assert.deepEqual(mistakesOf(source(`interval: ${interval}`)), [
        "sources[0].interval: expected 1s or more, and 366d at most",
      ]);
    }
  });

  test("red-12: a rate lets requests through within the time that a timer can wait", () => {
    const oci = (rate: string): string =>
      `sources: [{ name: a, kind: oci, host: r.test, repositories: [x], requests: { perSecond: ${rate} } }]`;
    for (const rate of ["0.01", "10000", "unlimited"]) assert.deepEqual(mistakesOf(oci(rate)), []);
    for (const rate of ["0", "-1", "0.0000001", ".inf", "1e9"]) assert.equal(mistakesOf(oci(rate)).length, 1, rate);
  });

  test("red-20: a template of tags names the type and the version once each", () => {
    for (const template of ["{type}-{type}-{version}", "{type}-{version}-{version}", "{type}", "{version}", "x"]) {
      const text = `executors: { tags: { template: "${template}", repositories: [all] } }`;
      assert.deepEqual(mistakesOf(text), [
        "executors.tags.template: it must hold {type} and {version}, each exactly once",
      ]);
    }
  });

  test("red-20: aliases that stand for more than they say, and texts that are nested without end, are mistakes", () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const below = level === 0 ? "lol" : `*l${level - 1}`;
      return `l${level}: &l${level} [${Array.from({ length: 9 }, () => below).join(", ")}]\n`;
    });
    assert.match(
      mistakesOf(levels.join("")).join("\n"),
      /too many aliases: what they stand for may be repeated 100 times/,
    );
    for (const deep of ["[", "{a: ", "- "]) {
      const [mistake, ...others] = mistakesOf(`sources: ${deep.repeat(50_000)}\n`);
      assert.ok(mistake !== undefined && others.length <= 100, deep);
    }
    assert.match(mistakesOf("a: &a [*a]\n").join("\n"), /./);
  });

  test("red-20: the sample of the documentation holds no token's hash, and approves every source's images", async () => {
    const page = await readFile(new URL("../../../../docs/production.md", import.meta.url), "utf8");
    const sample =
      page
        .split("```yaml\n")
        .find((block) => block.startsWith("listen:"))
        ?.split("```")[0] ?? "";
    assert.doesNotMatch(sample, /[0-9a-f]{64}/);
    const { sources, checks } = parse(sample) as {
      sources: readonly { host?: string; project?: string; regions?: readonly string[] }[];
      checks: { approvedNamespaces: readonly string[] };
    };
    for (const { host, project, regions = [] } of sources) {
      const words = [host, project, ...regions].filter((word) => word !== undefined);
      for (const word of words)
        assert.ok(
          checks.approvedNamespaces.some((pattern) => pattern.includes(word)),
          word,
        );
    }
  });
});
