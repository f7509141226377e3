import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { chartReference } from "./chart-reference.ts";

const DOCUMENT = new URL("../deploy/chart/README.md", import.meta.url);
const VALUES = new URL("../deploy/chart/values.yaml", import.meta.url);
const BEGIN = "<!-- begin values: made from values.yaml, by UPDATE_DOCS=1 -->\n\n";

test("the chart's README has every value; UPDATE_DOCS=1 writes them", async () => {
  const document = await readFile(DOCUMENT, "utf8");
  const [about = ""] = document.split(BEGIN);
  const made = `${about}${BEGIN}${chartReference(await readFile(VALUES, "utf8"))}`;
  if (process.env["UPDATE_DOCS"]) await writeFile(DOCUMENT, made);
  else assert.equal(document, made);
});
