import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { type LineSplitter, splitLines } from "./lines.ts";

const tooLong = (): Error => new Error("too long");

function linesOf(splitter: LineSplitter, chunk: Buffer): string[] {
  const lines = [];
  splitter.push(chunk);
  for (let line; (line = splitter.next());) lines.push(String(line));
  return lines;
}

function split(chunks: readonly Buffer[], limit = 1000): string[] {
  const splitter = splitLines(limit, tooLong);
  const lines = chunks.flatMap((chunk) => linesOf(splitter, chunk));
  const rest = splitter.rest();
  return rest ? [...lines, String(rest)] : lines;
}

describe("splitLines", () => {
  test("gives the same lines however the bytes arrive, characters cut in two included", () => {
    const text = fc
      .array(fc.constantFrom("a", "é", "界", "🚀", "\n", "\r"), { maxLength: 60 })
      .map((all) => all.join(""));
    fc.assert(
      fc.property(text, fc.array(fc.nat(100)), (text, cuts) => {
        const bytes = Buffer.from(text);
        const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const chunks = edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge));
        const expected = text.split("\n");
        if (expected.at(-1) === "") expected.pop();
        assert.deepEqual(split(chunks), expected);
      }),
    );
  });

  test("a line may be as long as the limit", () => {
    assert.deepEqual(split([Buffer.from("12345\n12345")], 5), ["12345", "12345"]);
    assert.deepEqual(
      split(
        ["12", "34", "5\n"].map((text) => Buffer.from(text)),
        5,
      ),
      ["12345"],
    );
  });

  for (const chunks of [["123456\n"], ["123", "456\n"], ["123", "456"], ["1\n123", "4567"]]) {
    test(`refuses a longer one: ${JSON.stringify(chunks)}`, () => {
      assert.throws(
        () =>
          split(
            chunks.map((text) => Buffer.from(text)),
            5,
          ),
        /too long/,
      );
    });
  }

  test("refuses it before its end has come", () => {
    assert.throws(() => linesOf(splitLines(5, tooLong), Buffer.from("123456")), /too long/);
  });

  test("a long line may come in many small chunks, and shorter ones after it", () => {
    const long = "0123456789é".repeat(9000);
    const bytes = Buffer.from(`${long}\nshort\n${long}\n`);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(7 * i, 7 * i + 7));
    assert.deepEqual(split(chunks, 200_000), [long, "short", long]);
  });

  test("an empty line is a line, also one whose newline comes alone", () => {
    const chunks = ["\n", "a", "\n", "", "\n\n"].map((text) => Buffer.from(text));
    assert.deepEqual(split(chunks), ["", "a", "", ""]);
  });

  test("copies nothing when a line lies within one chunk", () => {
    const chunk = Buffer.from("one\ntwo\n");
    const splitter = splitLines(10, tooLong);
    splitter.push(chunk);
    assert.equal(splitter.next()?.buffer, chunk.buffer);
  });
});
