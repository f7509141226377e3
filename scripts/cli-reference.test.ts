import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { COMMANDS } from "executor-registry/internal";
import { referenceTables, withTables } from "./cli-reference.ts";
import { updatesDocs } from "./reference-page.ts";

const DOCUMENT = new URL("../docs/cli.md", import.meta.url);

describe("docs/cli.md", () => {
  const tables = referenceTables();

  test("has the code's tables; UPDATE_DOCS=1 writes them", async () => {
    const document = await readFile(DOCUMENT, "utf8");
    const made = withTables(document, tables);
    if (updatesDocs) await writeFile(DOCUMENT, made);
    else assert.equal(document, made);
  });

  for (const name of tables.keys()) {
    test(`has a place for the ${name}`, async () => {
      assert.ok((await readFile(DOCUMENT, "utf8")).includes(`<!-- begin ${name} -->`));
    });
  }

  for (const { name } of COMMANDS.filter(({ hidden }) => !hidden)) {
    test(`has a section on ${name}`, async () =>
      assert.match(await readFile(DOCUMENT, "utf8"), new RegExp(`^## .*\`${name}\``, "m")));
  }
});
