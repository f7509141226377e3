import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type HouseFile, survey } from "./house-rules.ts";

const ROOMS = { shop: { ground: [], first: ["ground"], second: ["first", "ground"] }, other: {} };
const PACKAGES = { shop: [], other: ["shop"] };
const src = (path: string, ...imports: readonly string[]): HouseFile => ({
  path,
  text: imports.map((specifier) => `import { a } from "${specifier}";`).join("\n"),
});
const complaints = (...files: readonly HouseFile[]): readonly string[] => survey(files, ROOMS, PACKAGES).complaints;

describe("the house", () => {
  test("has an arrow for each room that another imports, and no complaint about those that are allowed", () => {
    const { rooms, arrows, circles, complaints } = survey(
      [
        src("packages/shop/src/ground/a.ts"),
        src("packages/shop/src/first/b.ts", "../ground/a.ts", "./c.ts"),
        src("packages/shop/src/index.ts", "./first/b.ts"),
        src("packages/other/src/index.ts", "@executor-registry/shop"),
      ],
      ROOMS,
      PACKAGES,
    );
    assert.deepEqual(
      [...rooms],
      [
        ["shop/ground", 1],
        ["shop/first", 1],
        ["shop", 1],
        ["other", 1],
      ],
    );
    assert.deepEqual(
      arrows.map(({ from, to }) => `${from} → ${to}`),
      ["shop/first → shop/ground", "shop → shop/first"],
    );
    assert.deepEqual([circles, complaints], [[], []]);
  });

  for (const [what, text] of [
    ["an import", 'import { a } from "../first/b.ts";'],
    ["a type", 'import type { A } from "../first/b.ts";'],
    ["a re-export", 'export { a } from "../first/b.ts";'],
    ["an import on use", 'const { a } = await import("../first/b.ts");'],
    ["the type of a module", 'type A = import("../first/b.ts").A;'],
    ["an import for its effect", 'import "../first/b.ts";'],
    ["an import over several lines", 'import {\n  a,\n  b,\n} from "../first/b.ts";'],
  ] as const) {
    test(`forbids ${what} of a room above`, () => {
      const [complaint] = complaints({ path: "packages/shop/src/ground/a.ts", text });
      assert.match(
        complaint ?? "",
        /^packages\/shop\/src\/ground\/a\.ts imports .*: shop\/ground may not import shop\/first$/,
      );
    });
  }

  test("gives tests no more than their room has, but helpers of tests", () => {
    const inTest = "packages/shop/src/ground/a.test.ts";
    assert.equal(complaints(src(inTest, "../first/b.ts")).length, 1);
    assert.deepEqual(complaints(src(inTest, "../testing/helper.ts", "../../../../testing/server.ts")), []);
    assert.equal(complaints(src("packages/shop/src/ground/a.ts", "../testing/helper.ts")).length, 1);
  });

  test("lets nobody import the package's own folder from one of its rooms", () => {
    assert.equal(complaints(src("packages/shop/src/ground/a.ts", "../index.ts")).length, 1);
  });

  test("wants packages imported by their names, and only those that a package depends on", () => {
    assert.match(complaints(src("testing/server.ts", "../packages/shop/src/index.ts"))[0] ?? "", /by its name/);
    assert.match(complaints(src("packages/other/src/a.ts", "../../shop/src/index.ts"))[0] ?? "", /by its name/);
    assert.match(complaints(src("packages/shop/src/a.ts", "@executor-registry/other"))[0] ?? "", /does not depend/);
  });

  test("reports rooms that import each other through others, once", () => {
    const { circles } = survey(
      [
        src("packages/shop/src/ground/a.ts", "../second/c.ts"),
        src("packages/shop/src/first/b.ts", "../ground/a.ts"),
        src("packages/shop/src/second/c.ts", "../first/b.ts"),
        src("packages/shop/src/index.ts", "./first/b.ts"),
      ],
      ROOMS,
      PACKAGES,
    );
    assert.deepEqual(circles, [["shop/first", "shop/ground", "shop/second"]]);
  });
});
