import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { blocksOf, documents } from "../testing/documented.ts";

const IMPORT = /^import (type )?(.+?) from ("[^"]+");?$/gms;

/**
 * One module of all TypeScript of a page, in which each line has the number that it has in the page. Each block sees what those before it
 * declare, and may declare it again.
 */
function moduleOf(markdown: string): string {
  const lines = markdown.split("\n").map(() => "");
  const imports = new Set<string>();
  const blocks = blocksOf(markdown).filter(({ language }) => language === "ts");
  for (const { line, text } of blocks) {
    const rest = text.replaceAll(IMPORT, (statement, type: string | undefined, names: string, from: string) => {
      const named =
        /^\{(.*)\}$/s
          .exec(names)?.[1]
          ?.split(",")
          .map((name) => name.trim()) ?? [];
      for (const name of named) if (name !== "") imports.add(`import ${type ?? ""}{ ${name} } from ${from};`);
      if (named.length === 0) imports.add(`import ${type ?? ""}${names} from ${from};`);
      return statement.replaceAll(/[^\n]/g, "");
    });
    for (const [index, own] of [`{`, ...rest.split("\n")].entries()) lines[line - 1 + index] = own;
  }
  lines[0] = [...imports, "export {};"].join(" ");
  return `${lines.join("\n")}${"}".repeat(blocks.length)}\n`;
}

const WRONG = `# A page with two mistakes
\`\`\`ts
import { createResolver } from "@executor-registry/resolver";
const resolver = createResolver({ registry: { adress: "http://executor-registry" } });
const { candidates } = await resolver.resolve("ml");
\`\`\`
\`\`\`ts
const resolver = candidates;
resolver[0].image;
\`\`\`
`;

describe("every block of TypeScript in a document", () => {
  const texts = new Map(documents.map((page) => [page, readFileSync(page, "utf8")]));
  const shown = documents.filter((page) => blocksOf(texts.get(page) ?? "").some(({ language }) => language === "ts"));
  texts.set("wrong.md", WRONG);
  let folder: string;
  let mistakes: readonly string[];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "docs-typescript-"));
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
    for (const page of [...shown, "wrong.md"]) {
      mkdirSync(dirname(join(folder, page)), { recursive: true });
      writeFileSync(join(folder, `${page}.ts`), moduleOf(texts.get(page) ?? ""));
    }
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const compilerOptions = {
      noEmit: true,
      customConditions: ["executor-registry-source"],
      rootDir: "/",
      // A reader is shown what there is, without having to use all of it.
      noUnusedLocals: false,
      noUnusedParameters: false,
    };
    const project = { extends: resolve("tsconfig.base.json"), compilerOptions, include: ["**/*.md.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
    const compiler = resolve("node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [compiler, "-p", folder, "--pretty", "false"], {
      encoding: "utf8",
      cwd: folder,
    });
    mistakes = stdout.split("\n").filter((line) => line !== "");
  });
  after(() => rm(folder, { recursive: true }));

  for (const page of shown) {
    test(`has no mistake in types: ${page}`, () => {
      const own = mistakes.filter((line) => line.startsWith(`${page}.ts(`));
      assert.deepEqual(own, [], "a block sees the imports and names of those before it on its page, and no others");
    });
  }

  test("is looked at with strict rules, and nothing else has mistakes", () => {
    const others = mistakes.filter((line) => !shown.some((page) => line.startsWith(`${page}.ts(`)));
    const places = others.map((line) => /^\S+ error TS\d+/.exec(line)?.[0]);
    assert.deepEqual(places, ["wrong.md.ts(4,47): error TS2353", "wrong.md.ts(9,1): error TS2532"]);
  });
});
