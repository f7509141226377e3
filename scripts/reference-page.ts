import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";

/** Whether references are written, not compared. */
export const updatesDocs = process.env["UPDATE_DOCS"] === "1";

/**
 * Compares the part of a page that is made from the code, from a line `<!-- begin NAME: made from …` to the page's end, with what is made now;
 * with UPDATE_DOCS=1 it writes that instead.
 */
export function referencePage(file: string, name: string, made: string): void {
  const page = readFileSync(file, "utf8");
  const begin = new RegExp(`^<!-- begin ${name}: .* -->\\n\\n`, "m").exec(page);
  assert.ok(begin, `${file} has no line that begins with <!-- begin ${name}:`);
  const whole = `${page.slice(0, begin.index)}${begin[0]}${made}`;
  if (updatesDocs) writeFileSync(file, whole);
  else assert.equal(page, whole);
}

/** A table in Markdown. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line), ""].join("\n");
}
