import assert from "node:assert/strict";
import { test } from "node:test";
import { type DatedImage, nodeFinding } from "./finding.ts";

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
  assert.equal(finding.reason, "nothing tells which of 3 images is the newest");
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
