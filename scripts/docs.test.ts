import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { InvalidConfigurationError, parseConfig } from "@executor-registry/registry";
import { parseDocument, stringify } from "yaml";

const folders = [".", "docs", "docs/decisions", "bench", ...readdirSync("packages").map((name) => `packages/${name}`)];
const documents = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);

/** What GitHub makes of a heading. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

describe("every document", () => {
  for (const document of documents) {
    const text = readFileSync(document, "utf8");
    test(`links to what is there: ${document}`, () => {
      for (const [, target = ""] of text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
        const [path = "", fragment] = target.split("#");
        const file = path === "" ? document : join(dirname(document), path);
        assert.ok(existsSync(file), `${target} is not there`);
        if (fragment === undefined || !file.endsWith(".md")) continue;
        const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
          anchor(heading),
        );
        assert.ok(headings.includes(fragment), `${target}: there is no such heading`);
      }
    });

    // A part of one, such as `checks` or `versions`, is completed; values of the chart have one in them.
    const configurations = [...text.matchAll(/```yaml\n(.*?)```/gs)].flatMap(([, yaml = ""]) => {
      const part = parseDocument(yaml);
      if (part.has("config")) return [stringify(part.get("config"))];
      return part.has("sources") ? [yaml] : part.has("checks") || part.has("versions") ? [`sources: []\n${yaml}`] : [];
    });
    for (const [index, yaml] of configurations.entries()) {
      test(`shows a configuration of the service that it would take: ${document}, ${index + 1}`, () => {
        // Its secrets are not here.
        const missing = /cannot be read \(ENOENT\)|is not set$/;
        try {
          parseConfig(yaml, document);
        } catch (error) {
          assert.ok(error instanceof InvalidConfigurationError);
          assert.deepEqual(
            error.mistakes.filter(({ message }) => !missing.test(message)),
            [],
          );
        }
      });
    }
  }
});

test("the first configuration that docs/production.md shows has no mistakes as it is", () => {
  const [, yaml = ""] = /```yaml\n(.*?)```/s.exec(readFileSync("docs/production.md", "utf8")) ?? [];
  const [source] = parseConfig(yaml, "docs/production.md").sources;
  assert.equal(source?.name, "own");
});
