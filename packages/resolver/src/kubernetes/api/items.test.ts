import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseItems } from "./items.ts";

/** What is handed over, and what is left. */
function parse(text: string): { readonly items: readonly unknown[]; readonly rest: unknown } {
  const items: unknown[] = [];
  const rest = parseItems(Buffer.from(text), (item) => items.push(item));
  return { items, rest };
}

const item = fc.dictionary(
  fc.oneof(fc.string(), fc.constantFrom("items", "metadata")),
  fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('"items":[', "}]", "\\", '"'),
    fc.array(fc.dictionary(fc.string(), fc.string())),
  ),
);

test("the items are those of the list, one after the other, and the rest is as it was", () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 4 }), fc.boolean(), (objects, spaced) => {
      const items = JSON.parse(JSON.stringify(objects)) as unknown[];
      const metadata = { resourceVersion: "7", continue: "next" };
      const text = JSON.stringify({ kind: "NodeList", metadata, items, more: 1 });
      const written = spaced ? text.replace(',"more"', ' , "more"') : text;
      assert.deepEqual(parse(written), { items, rest: { kind: "NodeList", metadata, items: [], more: 1 } });
    }),
  );
});

test("what is no list is parsed as it is", () => {
  for (const text of ["null", "[]", '{"kind":"Status"}', '{"items":null}'])
    assert.deepEqual(parse(text), { items: [], rest: JSON.parse(text) });
});

test("what is cut off or broken is refused, and ends", () => {
  for (const text of [
    '{"items":[',
    '{"items":[{"a":1}',
    '{"items":[{"a":"\\',
    '{"items":[{"a":1}]',
    '{"items":[{a}]}',
    '{"items":[}]}',
  ])
    assert.throws(() => parse(text), SyntaxError, text);
});
