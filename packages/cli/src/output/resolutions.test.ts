import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { resolution } from "../testing/resolution.ts";
import { printList, printOne } from "./resolutions.ts";

const now = manualClock().now();
const ml = resolution();
const nlp = resolution({
  type: "nlp",
  version: "2026-11-20",
  source: "declared",
  decidedBy: "none",
  ambiguous: true,
  stale: true,
  nodes: [],
});

describe("a list", () => {
  test("is a table as kubectl prints them", () => {
    const expected = `TYPE   VERSION      SOURCE     AGE         EVIDENCE
ml     1.2.0        nodes      3m20s       sighting
nlp    2026-11-20   declared   <unknown>   ambiguous (2), stale
`;
    assert.equal(printList([ml, nlp], "table", now), expected);
  });

  test("is wide, with the image, its nodes and the reason", () => {
    const many = resolution({ nodes: ["a", "b", "c", "d"] });
    const expected = `TYPE   VERSION      SOURCE     AGE         EVIDENCE               VALIDATED   IMAGE                                 PULL    NODES           REASON
ml     1.2.0        nodes      3m20s       sighting               no          docker.io/library/executor-ml:1.2.0   Never   node-1,node-2   seen to arrive last
nlp    2026-11-20   declared   <unknown>   ambiguous (2), stale   no          docker.io/library/executor-ml:1.2.0   Never   <none>          seen to arrive last
ml     1.2.0        nodes      3m20s       sighting               no          docker.io/library/executor-ml:1.2.0   Never   4 nodes         seen to arrive last
`;
    assert.equal(printList([ml, nlp, many], "wide", now), expected);
  });

  test("is names that say their kind", () => {
    assert.equal(printList([ml, nlp], "name", now), "executor/ml\nexecutor/nlp\n");
  });

  test("is the resolutions themselves, in JSON and YAML", () => {
    assert.deepEqual(JSON.parse(printList([ml, nlp], "json", now)), [ml, nlp]);
    assert.deepEqual(parse(printList([ml, nlp], "yaml", now)), [ml, nlp]);
  });

  test("has no YAML anchors", () => {
    assert.doesNotMatch(printList([ml, ml], "yaml", now), /&a1|\*a1/);
  });

  test("is empty where there is nothing", () => {
    assert.equal(printList([], "json", now), "[]\n");
    assert.equal(printList([], "name", now), "");
  });
});

describe("one resolution", () => {
  test("is itself in JSON and YAML, and a row in a table", () => {
    assert.deepEqual(JSON.parse(printOne(ml, "json", now)), ml);
    assert.deepEqual(parse(printOne(ml, "yaml", now)), ml);
    assert.equal(printOne(ml, "table", now), printList([ml], "table", now));
  });
});
