import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { JOURNAL_CSV_HEADER, journalCsvLine } from "./journal-csv.ts";

const entry = (actor: string, reason: string, change: object = {}) => ({
  sequence: 7,
  at: "2026-11-23T00:00:00.000Z",
  actor,
  reason,
  change: { kind: "image-found", type: "ml", repository: "registry.test/executor-ml", digest: "sha256:1", ...change },
  previous: "a",
  hash: "b",
});

/** The cells of one record, as RFC 4180 has them. */
function cellsOf(line: string): string[] {
  assert.ok(line.endsWith("\r\n"));
  const record = line.slice(0, -2);
  const cells = [...record.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)];
  assert.equal(cells.map(([whole]) => whole).join(""), record, "nothing lies between the cells");
  return cells.map(([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain);
}

test("an entry is one record, with a cell for each column of the header", () => {
  const line = journalCsvLine(entry("source:main", 'it said "hi", twice\r\nand left'));
  const cells = cellsOf(line);
  const columns = cellsOf(JOURNAL_CSV_HEADER);
  assert.equal(cells.length, columns.length);
  const byName = Object.fromEntries(columns.map((name, at) => [name, cells[at]]));
  assert.equal(byName["sequence"], "7");
  assert.equal(byName["reason"], 'it said "hi", twice\r\nand left');
  assert.equal(byName["repository"], "registry.test/executor-ml");
  assert.equal(JSON.parse(byName["change"] ?? "").digest, "sha256:1");
});

for (const text of [
  '=HYPERLINK("http://evil.test")',
  "+1",
  "-1+1",
  "@SUM(A1)",
  "\t=1",
  "\r=1",
  "\n=1",
  "  =1",
  "\u00a0=1",
  "＝1",
  "＠x",
]) {
  test(`a spreadsheet takes ${JSON.stringify(text)} for text`, () => {
    const cells = cellsOf(journalCsvLine(entry(text, text)));
    assert.deepEqual([cells[2], cells[7]], [`'${text}`, `'${text}`]);
  });
}

test("whatever a text holds, the cells are the same and no cell begins as a formula", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (actor, reason) => {
      const cells = cellsOf(journalCsvLine(entry(actor, reason)));
      assert.equal(cells.length, 11);
      for (const [at, text] of [
        [2, actor],
        [7, reason],
      ] as const) {
        assert.ok(cells[at] === text || cells[at] === `'${text}`);
        assert.ok(!/^[=+\-@]/.test(cells[at]));
      }
    }),
  );
});
