import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { createEventParser, type StreamEvent } from "./event-stream.ts";

const parse = (...chunks: (string | Uint8Array)[]): StreamEvent[] => {
  const push = createEventParser();
  return chunks.flatMap((chunk) => push(Buffer.from(chunk)));
};

describe("a stream of server-sent events", () => {
  for (const [what, text, expected] of [
    ["one event", "event: executor\nid: 7\ndata: {}\n\n", [{ event: "executor", data: "{}", id: "7" }]],
    ["lines that end in CR LF", "event: executor\r\ndata: {}\r\n\r\n", [{ event: "executor", data: "{}", id: "" }]],
    ["fields without a space", "data:a\ndata:b\n\n", [{ event: "message", data: "a\nb", id: "" }]],
    [
      "an id that stays",
      "id: 7\ndata: a\n\ndata: b\n\n",
      ["a", "b"].map((data) => ({ event: "message", data, id: "7" })),
    ],
    ["an event without data", "event: reset\n\n", [{ event: "reset", data: "", id: "" }]],
    ["comments", ": a heartbeat\n\n:\n\n", []],
    ["fields nobody knows", "retry: 5\nother\n\n", []],
    ["an event that is not finished", "data: a\n", []],
  ] as const satisfies [string, string, StreamEvent[]][]) {
    test(`may hold ${what}`, () => assert.deepEqual(parse(text), expected));
  }

  test("means the same however it is cut", () => {
    const bytes = Buffer.from('event: executor\nid: 7\ndata: {"type":"ml"}\n\n: ä heartbeat\n\nid: 8\ndata: ü\n\n');
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        assert.deepEqual(parse(...chunks), parse(bytes));
      }),
    );
  });

  test("may not hold a line or an event without end", () => {
    assert.throws(() => parse("x".repeat(70_000)), RangeError);
    assert.throws(() => parse(`data: ${"x".repeat(60_000)}\n`.repeat(2)), RangeError);
  });
});
