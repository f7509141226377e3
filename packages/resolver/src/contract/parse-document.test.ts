import assert from "node:assert/strict";
import { test } from "node:test";
import { documentOf } from "../../../../testing/registry-double.ts";
import { NotADocument } from "./json.ts";
import { parseDocument } from "./parse-document.ts";
import { resolutionOf } from "./resolution-of.ts";

const document = documentOf("ml", "executor-ml:1.0");

test("validated is true only where the service says so with a boolean; the time is validatedAt", () => {
  const { validatedAt } = document;
  for (const [validated, expected] of [
    [true, { validated: true, validatedAt }],
    [false, { validated: false }],
    // Version b9fef95 wrote the time here, also into cache files, for images that nothing had checked too.
    [validatedAt, { validated: false }],
    [undefined, { validated: false }],
  ] as const) {
    const parsed = resolutionOf(parseDocument(JSON.parse(JSON.stringify({ ...document, validated })), "ml"));
    const { validated: said, validatedAt: at } = parsed;
    assert.deepEqual({ validated: said, ...(at !== undefined && { validatedAt: at }) }, expected);
  }
});

test("that an answer is ambiguous, and what to do about it, reaches the resolution", () => {
  const json = { ...document, ambiguous: true, advice: "tag builds with versions" };
  const { ambiguous, advice } = resolutionOf(parseDocument(json, "ml"));
  assert.deepEqual([ambiguous, advice], [true, "tag builds with versions"]);
});

test("a pin reaches the resolution: of which kind, since when, by whom, why, until when", () => {
  const pin = {
    kind: "rollback",
    since: "2026-11-23T10:00:00Z",
    by: "token:op",
    reason: "1.4.0 loses rows",
    until: "2026-11-24T10:00:00Z",
  };
  const json = { ...document, decidedBy: "pin", pin };
  const resolution = resolutionOf(parseDocument(json, "ml"));
  assert.deepEqual([resolution.decidedBy, resolution.pin], ["pin", pin]);
  const { until: _, ...endless } = pin;
  assert.deepEqual(parseDocument({ ...json, pin: { ...endless, kind: "of a later release" } }, "ml").pin, {
    ...endless,
    kind: "pin",
  });
  assert.equal(resolutionOf(parseDocument(document, "ml")).pin, undefined);
});

test("a pin that is none is refused", () => {
  const pin = { kind: "pin", since: "2026-11-23T10:00:00Z", by: "token:op", reason: "x" };
  for (const wrong of [
    null,
    1,
    [],
    {},
    { ...pin, since: "soon" },
    { ...pin, by: 1 },
    { ...pin, until: "later" },
    { ...pin, reason: "x".repeat(2001) },
  ]) {
    assert.throws(() => parseDocument({ ...document, pin: wrong }, "ml"), NotADocument, JSON.stringify(wrong));
  }
});
