import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { ERRORS } from "@executor-registry/resolver";
import { errorRow, SERVICE_ERRORS } from "./service-errors.ts";

test("each code has one meaning: the service's own are not the resolver's", () => {
  for (const [code, row] of Object.entries(ERRORS)) assert.equal(errorRow(code), row);
});

test("a code of a later release is read from a journal", () => {
  assert.deepEqual(errorRow("unheard-of"), { ...SERVICE_ERRORS["registry-protocol"], code: "unheard-of" });
});

test("docs/errors.md lists every code with its meaning; UPDATE_DOCS=1 writes it", () => {
  const place = new URL("../../../../docs/errors.md", import.meta.url);
  const document = readFileSync(place, "utf8");
  const rows = Object.values(SERVICE_ERRORS)
    .map(({ code, title, status, exit, retryable }) => [`\`${code}\``, title, status, exit, retryable ? "yes" : "no"])
    .map((cells) => `| ${cells.join(" | ")} |\n`)
    .toSorted();
  const made = document.replace(/(?<=\| --- \|\n)(?:\| .*\n)*/, rows.join(""));
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(place, made);
  else assert.equal(document, made);
});
