import assert from "node:assert/strict";
import { test } from "node:test";
import { documentOf } from "../../../../testing/registry-double.ts";
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
