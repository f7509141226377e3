import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";

/**
 * Compares the part of a page that is made from the code, from a line `<!-- begin NAME: made from …` to the page's end, with what is made now;
 * with the variable UPDATE_DOCS it writes that instead.
 */
export function referencePage(file: string, name: string, made: string): void {
  const page = readFileSync(file, "utf8");
  const begin = new RegExp(`^<!-- begin ${name}: .* -->\\n\\n`, "m").exec(page);
  assert.ok(begin, `${file} has no line that begins with <!-- begin ${name}:`);
  const whole = `${page.slice(0, begin.index)}${begin[0]}${made}`;
  if (process.env["UPDATE_DOCS"]) writeFileSync(file, whole);
  else assert.equal(page, whole);
}
