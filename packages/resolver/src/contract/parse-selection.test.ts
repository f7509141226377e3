import assert from "node:assert/strict";
import { test } from "node:test";
import { holdsAsParser } from "../testing/document-suite.ts";
import { NotADocument } from "./json.ts";
import {
  parseDenials,
  parseHistory,
  parsePinAnswer,
  parsePolicies,
  parsePolicyChange,
  parsePolicyReport,
  parseSelectionChange,
} from "./parse-selection.ts";

const at = "2026-11-01T00:00:00.000Z";
const digest = `sha256:${"a".repeat(64)}`;
const named = { image: `registry.test/executor-ml@${digest}`, digest, version: "1.0.0" };
const ref = { ...named, decidedBy: "policy", reason: "it is the highest" };
const pin = {
  type: "ml",
  ...named,
  kind: "rollback",
  since: at,
  by: "token:op",
  reason: "1.1.0 loses rows",
  until: at,
  state: "invalid",
  problem: "it is denied",
  policyWouldChoose: ref,
};
const denial = {
  id: 7,
  version: "1.1.0",
  digest,
  pattern: "^rc",
  reason: "bad",
  by: "token:op",
  since: at,
  until: at,
  from: "operator",
};
const drops = [{ code: "prerelease", count: 2, examples: ["1.2.0-rc.1"] }];

holdsAsParser("pin", (json) => parsePinAnswer(json, "ml"), { ...pin, pinned: true });
holdsAsParser("change of the selection", (json) => parseSelectionChange(json, "ml"), {
  type: "ml",
  outcome: "changed",
  dryRun: true,
  message: "rolled back to 1.0.0",
  before: ref,
  after: ref,
  affected: 1,
  pin,
  denial,
});
holdsAsParser("history", (json) => parseHistory(json, "ml"), {
  type: "ml",
  revisions: [{ revision: 1, ...named, since: at, decidedBy: "pin", reason: "held", by: "token:op" }],
  total: 1,
});
holdsAsParser("list of denials", (json) => parseDenials(json, "ml"), { type: "ml", denials: [denial] });
holdsAsParser("report of a version policy", (json) => parsePolicyReport(json, "ml"), {
  type: "ml",
  policy: { name: "releases", kind: "semver", summary: "semver ^1.0.0" },
  from: "configuration",
  evaluation: {
    pick: named,
    runnerUp: named,
    reason: "it is the highest",
    candidates: 2,
    images: 4,
    drops,
    warnings: ["a pick far above the others"],
  },
  current: ref,
  condition: "TagGone",
});
holdsAsParser("change of the policies", parsePolicyChange, {
  outcome: "changed",
  dryRun: true,
  affected: 1,
  unchanged: 3,
  changes: [{ type: "ml", before: ref, after: ref, candidates: 2, drops }],
});
holdsAsParser("list of policies", parsePolicies, {
  from: "operator",
  policies: [{ name: "releases", kind: "semver" }],
  summary: ["releases: semver *"],
  by: "token:op",
  since: at,
  reason: "only releases",
});

test("a type without a pin is not pinned", () => {
  assert.deepEqual(parsePinAnswer({ type: "ml", pinned: false }, "ml"), { type: "ml", pinned: false });
});

test("an answer about another type is refused", () => {
  assert.throws(() => parsePinAnswer({ type: "nlp", pinned: false }, "ml"), NotADocument);
});
