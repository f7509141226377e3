import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULT_TEMPLATE, parseTemplate } from "../../reference/template.ts";
import { createImageReader, isImportName } from "./node-image.ts";

const read = createImageReader(parseTemplate(DEFAULT_TEMPLATE));
const DIGEST = `sha256:${"ab".repeat(32)}`;
const IMPORT = `docker.io/library/import-2026-11-23@${DIGEST}`;
const ID = "0123456789abcdef".repeat(4);

describe("which names of a node's image count", () => {
  const cases: readonly (readonly [
    what: string,
    names: readonly string[] | null,
    run: string | undefined,
    version?: string,
  ])[] = [
    [
      "loaded by kind, containerd 1",
      [IMPORT, `docker.io/library/executor-ml:${ID}`],
      `docker.io/library/executor-ml:${ID}`,
      ID.slice(0, 12),
    ],
    [
      "loaded by kind, containerd 2",
      [`docker.io/library/executor-ml:${ID}`],
      `docker.io/library/executor-ml:${ID}`,
      ID.slice(0, 12),
    ],
    ["Docker's familiar names", ["executor-ml:1.0", `executor-ml:${ID}`], "executor-ml:1.0", "1.0"],
    [
      "pulled by tag",
      [`localhost:5001/executor-ml@${DIGEST}`, "localhost:5001/executor-ml:1.0"],
      `localhost:5001/executor-ml@${DIGEST}`,
      "1.0",
    ],
    [
      "pulled by digest: the tag is lost",
      [`localhost:5001/executor-ml@${DIGEST}`],
      `localhost:5001/executor-ml@${DIGEST}`,
      "ab".repeat(6),
    ],
    ["built by podman", ["localhost/executor-ml:dev"], "localhost/executor-ml:dev", "dev"],
    ["latest beside a tag", ["executor-ml:latest", "executor-ml:zz"], "executor-ml:zz", "zz"],
    ["a version beside an opaque tag", ["executor-ml:aa", "executor-ml:1.2.3"], "executor-ml:1.2.3", "1.2.3"],
    ["latest alone", ["executor-ml:latest"], "executor-ml:latest", "latest"],
    [
      "imported on five days: no tag is left",
      Array.from({ length: 5 }, (_, day) => IMPORT.replace("23", `1${day}`)),
      undefined,
    ],
    ["null, as after a tag moved on", null, undefined],
    ["none", [], undefined],
    ["untagged", ["<none>:<none>", "<none>@<none>"], undefined],
    ["another executor", ["my-executor-ml-cache:1"], undefined],
    ["no reference", ["executor-ml:", "EXECUTOR-ML:1"], undefined],
  ];
  for (const [what, names, run, version] of cases) {
    test(what, () => {
      const [image, ...more] = read({ names, sizeBytes: 1000 });
      assert.deepEqual([image?.name, image?.version, more.length], [run, version, 0]);
      if (image) assert.equal(image.type, "ml");
    });
  }
});

test("one content with the names of two types is an image of both", () => {
  const images = read({ names: ["executor-ml:1", "executor-nlp:1"], sizeBytes: 1 });
  assert.deepEqual(
    images.map(({ type, names }) => [type, names]),
    [
      ["ml", ["executor-ml:1"]],
      ["nlp", ["executor-nlp:1"]],
    ],
  );
});

test("a tag that moved to an image of another size is another image; a digest is the same at any size", () => {
  const id = (name: string, sizeBytes: number): string | undefined => read({ names: [name], sizeBytes })[0]?.id;
  assert.notEqual(id("executor-ml:latest", 1), id("executor-ml:latest", 2));
  assert.equal(id(`executor-ml@${DIGEST}`, 1), id(`executor-ml@${DIGEST}`, 2));
});

test("what never moves tells an image apart before any tag, however telling", () => {
  const ids = (...names: string[]): readonly string[] | undefined => read({ names, sizeBytes: 7 })[0]?.ids;
  assert.deepEqual(ids("executor-ml:1.0-3-gabc1234-dirty", `executor-ml:${ID}`), [`executor-ml:${ID}#7`]);
  assert.deepEqual(ids("executor-ml:tilt-0123456789abcdef"), ["executor-ml:tilt-0123456789abcdef#7"]);
  assert.deepEqual(ids(`r.io/executor-ml@${DIGEST}`, "r.io/executor-ml:1"), [`r.io/executor-ml@${DIGEST}`]);
  // A commit's hash is moved by each build of a changed working copy.
  assert.deepEqual(ids(`executor-ml:${"ab".repeat(20)}`, "executor-ml:latest"), []);
});

test("import names are known by their whole last segment", () => {
  for (const name of [IMPORT, `import-2026-01-01@${DIGEST}`]) assert.equal(isImportName(name), true);
  for (const name of ["executor-import-2026-11-23:1", `executor-ml@${DIGEST}`, "import-2026-11-23:1"])
    assert.equal(isImportName(name), false);
});
