import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { type HouseFile, readHouse, survey } from "./house-rules.ts";

const ROOMS = { shop: { ground: [], first: ["ground"], second: ["first", "ground"] }, other: {} };
const PARTS = { shop: [], other: ["shop"], testing: ["shop"], bench: ["testing"] };
const src = (path: string, ...imports: readonly string[]): HouseFile => ({
  path,
  text: imports.map((specifier) => `import { a } from "${specifier}";`).join("\n"),
});
const complaints = (...files: readonly HouseFile[]): readonly string[] => survey(files, PARTS, ROOMS).complaints;

describe("the house", () => {
  test("has an arrow for each room that another imports, and no complaint about those that are allowed", () => {
    const { rooms, arrows, circles, complaints } = survey(
      [
        src("packages/shop/src/ground/a.ts"),
        src("packages/shop/src/first/b.ts", "../ground/a.ts", "./c.ts"),
        src("packages/shop/src/index.ts", "./first/b.ts"),
        src("packages/other/src/index.ts", "@executor-registry/shop"),
      ],
      PARTS,
      ROOMS,
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
      ["shop/first → shop/ground", "shop → shop/first", "other → shop"],
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
    ["an import in other quotes", "import '../first/b.ts';"],
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

  test("takes no text and no comment for an import", () => {
    const text = '// from "../first/b.ts"\nexport const a = `import "../first/b.ts"`;';
    assert.deepEqual(complaints({ path: "packages/shop/src/ground/a.ts", text }), []);
  });

  test("forbids an import of which the module is worked out at run time, outside of tests", () => {
    const text = "export const load = (name: string) => import(name);";
    assert.match(complaints({ path: "packages/shop/src/a.ts", text })[0] ?? "", /what only its run time shows/);
    assert.deepEqual(complaints({ path: "packages/shop/src/a.test.ts", text }), []);
  });

  test("does not let a package's own folder be imported by one of its rooms", () => {
    assert.equal(complaints(src("packages/shop/src/ground/a.ts", "../index.ts")).length, 1);
  });

  test("requires packages to be imported by their names, and only those that a package depends on", () => {
    assert.match(complaints(src("testing/server.ts", "../packages/shop/src/index.ts"))[0] ?? "", /by its name/);
    assert.match(complaints(src("packages/other/src/a.ts", "../../shop/src/index.ts"))[0] ?? "", /by its name/);
    assert.match(
      complaints(src("packages/shop/src/a.ts", "@executor-registry/other"))[0] ?? "",
      /shop may not import other/,
    );
  });

  test("knows the command line's package by its own name", () => {
    assert.match(
      complaints(src("packages/shop/src/a.ts", "executor-registry/internal"))[0] ?? "",
      /may not import cli/,
    );
    assert.deepEqual(complaints(src("packages/shop/src/a.ts", "executor-registry-else")), []);
  });

  test("gives folders beside the packages what the table says, and tests the folder of their servers", () => {
    assert.deepEqual(complaints(src("bench/a.ts", "../testing/server.ts"), src("testing/server.ts")), []);
    assert.match(complaints(src("bench/a.ts", "@executor-registry/other"))[0] ?? "", /bench may not import other/);
    assert.match(complaints(src("testing/a.ts", "../bench/a.ts"))[0] ?? "", /testing may not import bench/);
    const product = complaints(src("packages/shop/src/a.ts", "../../../testing/server.ts"));
    assert.match(product[0] ?? "", /shop may not import testing/);
  });

  test("is read from a folder, without what is built or installed", async () => {
    const root = await mkdtemp(join(tmpdir(), "house-"));
    try {
      const built = ["packages/shop/src/node_modules/x/index.js", "packages/shop/src/dist/index.js"];
      const tree = [
        src("packages/shop/src/first/b.ts", "../ground/a.ts"),
        src("packages/shop/src/ground/a.ts", "../first/b.ts"),
      ];
      for (const { path, text } of [...tree, ...built.map((path) => src(path, "nothing"))]) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), text);
      }
      assert.deepEqual(readHouse(root), tree);
      const { circles, complaints } = survey(readHouse(root), PARTS, ROOMS);
      assert.deepEqual(circles, [["shop/first", "shop/ground"]]);
      assert.deepEqual(complaints, [
        "packages/shop/src/ground/a.ts imports ../first/b.ts: shop/ground may not import shop/first",
      ]);
    } finally {
      await rm(root, { recursive: true });
    }
  });

  test("says which rights no import needs", () => {
    const files = [src("packages/shop/src/first/b.ts", "../ground/a.ts"), src("bench/a.ts", "../testing/server.ts")];
    const { unused } = survey(files, { shop: [], testing: ["shop"], bench: ["testing"] }, { shop: ROOMS.shop });
    assert.deepEqual(unused, ["testing → shop", "shop/second → shop/first", "shop/second → shop/ground"]);
  });

  test("requires the table to go upwards only", () => {
    const { complaints } = survey([], {}, { shop: { ground: ["first"], first: [] } });
    assert.deepEqual(complaints, ["the table lets ground import first, which does not stand before it"]);
  });

  test("reports rooms that import each other through others, once", () => {
    const { circles } = survey(
      [
        src("packages/shop/src/ground/a.ts", "../second/c.ts"),
        src("packages/shop/src/first/b.ts", "../ground/a.ts"),
        src("packages/shop/src/second/c.ts", "../first/b.ts"),
        src("packages/shop/src/index.ts", "./first/b.ts"),
      ],
      PARTS,
      ROOMS,
    );
    assert.deepEqual(circles, [["shop/first", "shop/ground", "shop/second"]]);
  });
});
