import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";

const DOCUMENT = "docs/threat-model.md";
const text = readFileSync(DOCUMENT, "utf8");

const rows = text
  .split("\n")
  .filter((line) => /^\| \d+\.\d+ /.test(line))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** The file that a path of the document means. */
const fileOf = (path: string): string => (/^(?:packages|deploy)\//.test(path) ? path : `packages/registry/src/${path}`);

/** What the tests of a file are called, with `…` for what is filled in. */
function titlesIn(file: string): ReadonlySet<string> {
  const source = readFileSync(file, "utf8");
  const literal = /(["'`])((?:\\.|(?!\1)[^\\\n])*)\1/g;
  // Where a test's title is a variable, it is some other text of the file.
  const found = /\btest\(\s*[a-z]\w*,/i.test(source)
    ? source.matchAll(literal)
    : source.matchAll(new RegExp(String.raw`\btest\(\s*${literal.source}`, "g"));
  const filledIn = /\$\{(?:[^{}]|\{[^{}]*\})*\}/g;
  return new Set([...found].map(([, , title = ""]) => title.replaceAll(filledIn, "…")));
}

/** The tests that a cell names: each file in backticks, with one or more titles in quotation marks. */
function testsIn(cell: string): readonly { readonly file: string; readonly titles: readonly string[] }[] {
  return cell.split(/; (?=`)/).map((part) => {
    const [, path, titles] = /^`([^`]+\.test\.ts)` (".+")$/.exec(part) ?? [];
    assert.ok(path !== undefined && titles !== undefined, `this is no test: ${part}`);
    return { file: fileOf(path), titles: titles.slice(1, -1).split('", "') };
  });
}

describe(DOCUMENT, () => {
  for (const [id = "", threat = "", letters = "", against = "", remains = "", shown = "", ...more] of rows) {
    test(`${id}, ${threat}: what is said to stand against it has a test, and what has none is said to remain`, () => {
      assert.deepEqual(more, []);
      assert.match(letters, /^[STRIDE]( [STRIDE])*$/);
      const instead = /^none: .{10}/.test(shown);
      assert.equal(against === "nothing", instead, "what stands against it needs a test, and `none` is for nothing");
      if (instead) return assert.match(remains, /.{10}/);
      for (const { file, titles } of testsIn(shown)) {
        assert.ok(existsSync(file), `${file} is not there`);
        const known = titlesIn(file);
        for (const title of titles) assert.ok(known.has(title), `${file} has no test "${title}"`);
      }
    });
  }

  test("every boundary of the picture has threats, counted from 1 on", () => {
    const boundaries = [...text.matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number));
    assert.deepEqual(boundaries, [1, 2, 3, 4, 5, 6, 7, 8]);
    const expected = boundaries.flatMap((boundary) => {
      const count = rows.filter(([id = ""]) => id.startsWith(`${boundary}.`)).length;
      assert.ok(count > 0, `boundary ${boundary} has none`);
      return Array.from({ length: count }, (_, nth) => `${boundary}.${nth + 1}`);
    });
    assert.deepEqual(
      rows.map(([id]) => id),
      expected,
    );
  });
});
