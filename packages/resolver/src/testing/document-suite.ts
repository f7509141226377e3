import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NotADocument } from "../contract/json.ts";

/** What every parser of a document of the service holds to. @param document a whole one, with all its members */
export function holdsAsParser(name: string, parse: (json: unknown) => unknown, document: object): void {
  describe(`a ${name}`, () => {
    test("is taken as it is, and members that are not known are passed over", () => {
      assert.deepEqual(parse(document), document);
      assert.deepEqual(parse({ ...document, fromALaterRelease: [1] }), document);
    });

    test("is refused with its own error, whichever member is malformed, or is read without it", () => {
      for (const path of members(document)) {
        for (const value of [null, 1, "x", [null], {}, true]) {
          try {
            parse(withMember(document, path, value));
          } catch (error) {
            assert.ok(error instanceof NotADocument, `${path.join(".")} = ${JSON.stringify(value)}: ${String(error)}`);
          }
        }
      }
      for (const value of [null, [], "", 1]) assert.throws(() => parse(value), NotADocument);
    });
  });
}

/** The paths of all members of a value, its list items' included. */
function* members(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    yield [...path, name];
    yield* members(member, [...path, name]);
  }
}

function withMember(document: object, path: readonly string[], value: unknown): unknown {
  const copy = structuredClone(document) as Record<string, unknown>;
  let place = copy;
  for (const name of path.slice(0, -1)) place = place[name] as Record<string, unknown>;
  place[path.at(-1) ?? ""] = value;
  return copy;
}
