import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULT_TEMPLATE, parseTemplate } from "../../reference/template.ts";
import type { Finding } from "../../contract/resolution.ts";
import { type DatedImage, nodeFinding } from "./finding.ts";
import { createImageReader } from "./node-image.ts";

const AT = Date.UTC(2026, 10, 23, 14, 5, 10);

const image = (tag: string, part: Partial<DatedImage> = {}): DatedImage => ({
  type: "ml",
  id: tag,
  ids: [],
  tagged: [tag],
  name: `docker.io/library/executor-ml:${tag}`,
  names: [`docker.io/library/executor-ml:${tag}`],
  allNames: new Set([`docker.io/library/executor-ml:${tag}`]),
  tag,
  tags: [tag],
  capped: false,
  version: tag,
  sizeBytes: 1000,
  holders: new Set(["node-2", "node-1"]),
  firstNode: "node-1",
  sighting: { how: "present", at: AT },
  ...part,
});

test("an arrival decides, and the finding says so", () => {
  const finding = nodeFinding("ml", [
    image("a"),
    image("b", { sighting: { how: "arrived", at: AT + 1000 } }),
    image("c"),
  ]);
  assert.equal(finding.image, "docker.io/library/executor-ml:b");
  assert.equal(finding.decidedBy, "sighting");
  assert.equal(finding.reason, "seen to arrive on node-1 at 2026-11-23T14:05:11.000Z, after the other 2");
  assert.equal(finding.ambiguous, false);
  assert.equal(finding.pullPolicy, "Never");
  assert.deepEqual(finding.nodes, ["node-1", "node-2"]);
  assert.equal(finding.candidates[0]?.image, finding.image);
  assert.deepEqual(finding.candidates.map(({ version }) => version).sort(), ["a", "b", "c"]);
  assert.deepEqual(finding.warnings, []);
});

test("nothing to go by is said, with all candidates and what to do; the choice is the same in any order", () => {
  const images = [image("a"), image("b"), image("c")];
  const finding = nodeFinding("ml", images);
  assert.deepEqual([finding.ambiguous, finding.decidedBy, finding.candidates.length], [true, "none", 3]);
  assert.equal(finding.reason, "nothing shows which of 3 images is the newest");
  assert.match(finding.advice ?? "", /suspended CronJob named executor-ml/);
  assert.equal(nodeFinding("ml", images.toReversed()).image, finding.image);
});

test("latest is the answer only where it stands alone, and never without a warning", () => {
  const alone = nodeFinding("ml", [image("latest")]);
  assert.equal(alone.decidedBy, "only-candidate");
  assert.match(alone.warnings[0] ?? "", /tag that moves/);
  assert.notEqual(nodeFinding("ml", [image("latest"), image("a")]).version, "latest");
});

test("what no node holds stands back, and is the last known answer where there is nothing else", () => {
  const gone = image("b", { holders: new Set(), goneAt: AT, sighting: { how: "arrived", at: AT + 5000 } });
  const finding = nodeFinding("ml", [gone, image("a")]);
  assert.deepEqual(
    [finding.version, finding.decidedBy, finding.candidates.map(({ version }) => version)],
    ["a", "only-candidate", ["a", "b"]],
  );
  const last = nodeFinding("ml", [gone]);
  assert.deepEqual([last.version, last.nodes], ["b", []]);
  assert.match(last.warnings[0] ?? "", /no node holds .* since 2026-11-23T14:05:10/);
});

test("each candidate shows its evidence", () => {
  const digest = `sha256:${"ab".repeat(32)}` as const;
  const [candidate] = nodeFinding("ml", [image("20261123-150405", { podStart: AT, digest })]).candidates;
  assert.equal(candidate?.digest, digest);
  assert.deepEqual(
    candidate.evidence.map(({ kind, at }) => [kind, at]),
    [
      ["sighting", "2026-11-23T14:05:10.000Z"],
      ["tag-time", "2026-11-23T15:04:05.000Z"],
      ["pod-start", "2026-11-23T14:05:10.000Z"],
    ],
  );
});

const reader = createImageReader(parseTemplate(DEFAULT_TEMPLATE));
/** What a resolver that was not watching makes of images with these tags, one list for each content. */
function found(...contents: readonly (readonly string[])[]): Finding {
  const images = contents.map((tags, index): DatedImage => {
    const names = tags.map((tag) => `docker.io/library/executor-ml:${tag}`);
    const [one] = reader({ names, sizeBytes: index + 1 });
    assert.ok(one);
    const holders = new Set(["node-1"]);
    return { ...one, allNames: new Set(one.names), holders, firstNode: "node-1", sighting: { how: "present", at: AT } };
  });
  return nodeFinding("ml", images);
}

describe("dev-06: one content with several tags", () => {
  for (const [what, contents, decidedBy, version] of [
    [
      "an undo: the cached build has a later tag",
      [["20261125-100000", "20261125-120000"], ["20261125-110000"]],
      "tag-time",
      "20261125-120000",
    ],
    [
      "the tags the other way round",
      [["20261125-110000"], ["20261125-120000", "20261125-100000"]],
      "tag-time",
      "20261125-120000",
    ],
    ["versions", [["1.10.0", "1.2.0"], ["1.9.0"]], "tag-version", "1.10.0"],
    [
      "a time and a version, against a version",
      [["20261125-100000", "v2.0.0"], ["v1.0.0"]],
      "tag-version",
      "20261125-100000",
    ],
    [
      "tags that say nothing beside times",
      [
        ["20261125-100000", "zz", "a".repeat(64)],
        ["20261125-110000", "b".repeat(64)],
      ],
      "tag-time",
      "20261125-110000",
    ],
    ["tags of different kinds", [["20261125-100000"], ["v1.0.0"]], "none", undefined],
    ["days that do not say which hour", [["20261125", "20261125-100000"], ["20261125-110000"]], "none", undefined],
    ["one time", [["20261125-1000"], ["20261125-100030"]], "none", undefined],
    [
      "a later time, and five names of the other one",
      [["20261125-1000", "20261125-1001", "20261125-1002", "20261125-1003", "20261125-1004"], ["20261125-110000"]],
      "none",
      undefined,
    ],
    [
      "five names, one of them the latest of all",
      [["20261125-1000", "20261125-1001", "20261125-1002", "20261125-1003", "20261125-1204"], ["20261125-110000"]],
      "tag-time",
      "20261125-1204",
    ],
  ] as const satisfies readonly (readonly [string, readonly (readonly string[])[], string, string | undefined])[]) {
    test(what, () => {
      const finding = found(...contents);
      assert.deepEqual([finding.decidedBy, finding.ambiguous], [decidedBy, decidedBy === "none"]);
      if (version !== undefined) assert.equal(finding.version, version);
      if (what.includes("five names of the other"))
        assert.match(finding.warnings.join(), /no more than 5 names of an image: .* may have a tag that is later/);
    });
  }

  test("the reason names the tag that decided", () => {
    assert.equal(
      found(["20261125-100000", "20261125-120000"], ["20261125-110000"]).reason,
      "its tag 20261125-120000 holds a later time than the other one",
    );
    assert.equal(
      found(["20261125-100000", "v2.0.0"], ["v1.0.0"]).reason,
      "its tag v2.0.0 holds a higher version than the other one",
    );
  });
});
