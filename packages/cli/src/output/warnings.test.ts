import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ForbiddenError, type SourceReport } from "@executor-registry/resolver";
import { KubernetesError } from "@executor-registry/resolver/kubernetes";
import { fakeIo } from "../testing/fake-io.ts";
import { sightedResolution } from "../../../../testing/resolution.ts";
import { warnAbout, warnOfChange, warnOfSource } from "./warnings.ts";

describe("warnings of an answer", () => {
  const said = (changes: Parameters<typeof sightedResolution>[0]): string => {
    const io = fakeIo();
    warnAbout(sightedResolution(changes), io);
    return io.written().stderr;
  };

  test("are none where all is well", () => assert.equal(said({}), ""));

  test("are its own, that it is a guess, and that it is old", () => {
    const staleSince = "2026-11-22T23:00:00.000Z";
    const text = said({
      warnings: ["one"],
      ambiguous: true,
      reason: "no order",
      advice: "declare it",
      stale: true,
      staleSince,
    });
    assert.equal(
      text,
      `warning: one
warning: ml is ambiguous: no order; declare it
warning: nodes has had no contact since 2026-11-22T23:00:00.000Z; this is its last answer
`,
    );
  });
});

test("warnings of a change are those that are new", () => {
  const io = fakeIo();
  const previous = sightedResolution({ warnings: ["one"] });
  warnOfChange({ type: "ml", resolution: previous }, io);
  warnOfChange({ type: "ml", previous, resolution: sightedResolution({ warnings: ["one", "two"] }) }, io);
  warnOfChange({ type: "ml", previous }, io);
  assert.equal(io.written().stderr, "warning: one\nwarning: two\n");
});

test("what would steer a terminal is shown, not done", () => {
  const io = fakeIo();
  warnAbout(sightedResolution({ warnings: ['an image named "\u001b]0;x\u0007é"'] }), io);
  assert.equal(io.written().stderr, 'warning: an image named "\u{fffd}]0;x\u{fffd}é"\n');
});

describe("warnings of a source", () => {
  const problem = new KubernetesError("unreachable", "nobody there", {
    method: "GET",
    path: "/",
    server: "https://double",
  });
  const refusal = new ForbiddenError("it may not be read", { rules: [], manifest: "kind: Role\n" }, problem);
  const status = (changes: Partial<SourceReport["status"]>) =>
    ({ state: "unavailable", since: 0, ...changes }) as const;
  const cases: readonly (readonly [string, SourceReport, string])[] = [
    ["ready", { name: "nodes", status: status({ state: "ready" }), notes: ["one"] }, "warning: one\n"],
    [
      "refused: the roles are the doctor's to print",
      { name: "nodes", status: status({ problem: refusal }), notes: ["one"] },
      "warning: nodes is left out: it may not be read; see `executor-registry doctor`\n",
    ],
    [
      "never reached",
      { name: "nodes", status: status({ problem }), notes: [] },
      "warning: nodes is left out: GET /: nobody there\n",
    ],
    [
      "refused after it was read",
      { name: "nodes", status: status({ state: "stale", problem: refusal }), notes: [] },
      "warning: nodes has had no contact since 1970-01-01T00:00:00.000Z: it may not be read; see `executor-registry doctor`\n",
    ],
  ];
  for (const [name, report, expected] of cases) {
    test(name, () => {
      const io = fakeIo();
      warnOfSource(report, io);
      assert.equal(io.written().stderr, expected);
    });
  }
});
