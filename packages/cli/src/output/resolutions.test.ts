import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Resolution } from "@executor-registry/resolver";
import { parse } from "yaml";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { sightedResolution } from "../../../../testing/resolution.ts";
import { type Format, printList, printOne } from "./resolutions.ts";

const now = manualClock().now();
const ml = sightedResolution();
const nlp = sightedResolution({
  type: "nlp",
  version: "2026-11-20",
  source: "declared",
  decidedBy: "none",
  ambiguous: true,
  stale: true,
  nodes: [],
});

const list = (resolutions: readonly Resolution[], format: Format): string =>
  printList(resolutions, format, now)
    .map((line) => `${line}\n`)
    .join("");
const one = (format: Format): string => printOne(ml, format, now).join("\n");

describe("a list", () => {
  test("is a table as kubectl prints them", () => {
    const expected = `TYPE   VERSION      SOURCE     AGE         EVIDENCE
ml     1.2.0        nodes      3m20s       sighting
nlp    2026-11-20   declared   <unknown>   ambiguous (2), stale
`;
    assert.equal(list([ml, nlp], "table"), expected);
  });

  test("is wide, with the image, its nodes and the reason", () => {
    const many = sightedResolution({ nodes: ["a", "b", "c", "d"] });
    const expected = `TYPE   VERSION      SOURCE     AGE         EVIDENCE               VALIDATED   IMAGE                                 PULL    NODES           REASON
ml     1.2.0        nodes      3m20s       sighting               no          docker.io/library/executor-ml:1.2.0   Never   node-1,node-2   seen to arrive last
nlp    2026-11-20   declared   <unknown>   ambiguous (2), stale   no          docker.io/library/executor-ml:1.2.0   Never   <none>          seen to arrive last
ml     1.2.0        nodes      3m20s       sighting               no          docker.io/library/executor-ml:1.2.0   Never   4 nodes         seen to arrive last
`;
    assert.equal(list([ml, nlp, many], "wide"), expected);
  });

  test("is names that say their kind", () => {
    assert.equal(list([ml, nlp], "name"), "executor/ml\nexecutor/nlp\n");
  });

  test("is the resolutions themselves, in JSON and YAML", () => {
    assert.deepEqual(JSON.parse(list([ml, nlp], "json")), [ml, nlp]);
    assert.deepEqual(parse(list([ml, nlp], "yaml")), [ml, nlp]);
  });

  test("has no YAML anchors", () => {
    assert.doesNotMatch(list([ml, ml], "yaml"), /&a1|\*a1/);
  });

  test("is empty where there is nothing", () => {
    assert.equal(list([], "json"), "[]\n");
    assert.equal(list([], "name"), "");
  });
});

describe("one resolution", () => {
  test("is itself in JSON and YAML, and a row in a table", () => {
    assert.deepEqual(JSON.parse(one("json")), ml);
    assert.deepEqual(parse(one("yaml")), ml);
    assert.equal(`${one("table")}\n`, list([ml], "table"));
  });
});
