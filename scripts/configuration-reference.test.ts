import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { configurationReference } from "./configuration-reference.ts";

const DOCUMENT = new URL("../docs/configuration.md", import.meta.url);
const BEGIN = "<!-- begin settings: made from the code, by UPDATE_DOCS=1 -->\n\n";

test("docs/configuration.md has every setting of the code; UPDATE_DOCS=1 writes them", async () => {
  const document = await readFile(DOCUMENT, "utf8");
  const [about = ""] = document.split(BEGIN);
  const made = `${about}${BEGIN}${configurationReference()}`;
  if (process.env["UPDATE_DOCS"]) await writeFile(DOCUMENT, made);
  else assert.equal(document, made);
});
