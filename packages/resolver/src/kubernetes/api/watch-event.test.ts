import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isModified, parseWatchEvent, rawResourceVersion } from "./watch-event.ts";

const line = (object: object, type = "MODIFIED"): Buffer => Buffer.from(JSON.stringify({ type, object }));

describe("rawResourceVersion", () => {
  const cases: readonly [string, Buffer, string | undefined][] = [
    ["the object's own", line({ metadata: { name: "a", resourceVersion: "12" } }), "12"],
    ["not one inside a text", line({ metadata: { name: '"resourceVersion":"7"', resourceVersion: "12" } }), "12"],
    [
      "not one of something within",
      line({ metadata: { resourceVersion: "12" }, spec: { ref: { resourceVersion: "7" } } }),
      "12",
    ],
    ["none", line({ metadata: { name: "a" } }), undefined],
    ["an empty one", line({ metadata: { resourceVersion: "" } }), undefined],
    ["a cut one", Buffer.from('{"type":"MODIFIED","object":{"metadata":{"resourceVersion":"1'), undefined],
  ];
  for (const [what, bytes, expected] of cases) {
    test(what, () => assert.equal(rawResourceVersion(bytes), expected));
  }
});

test("isModified recognises MODIFIED lines by their first bytes", () => {
  assert.equal(isModified(line({})), true);
  assert.equal(isModified(line({}, "ADDED")), false);
  assert.equal(isModified(line({ type: "MODIFIED" }, "ERROR")), false);
  assert.equal(isModified(Buffer.from('{"type":"MODI')), false);
});

test("parseWatchEvent takes nothing else for an event", () => {
  assert.deepEqual(parseWatchEvent(line({ a: 1 })), { type: "MODIFIED", object: { a: 1 } });
  for (const text of ["", "null", "[]", '{"type":1}', '{"type":"ADDED"']) {
    assert.equal(parseWatchEvent(Buffer.from(text)), undefined);
  }
});
