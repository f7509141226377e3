import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import { assess, assessPart } from "./assess.ts";
import type { ScanAnswer } from "./providers/provider.ts";
import type { Finding, ScanReport } from "../../model/scan-report.ts";
import { withoutRepetition } from "./report.ts";
import { exceptionOf, rules } from "./rules.ts";
import { digestOf, SCANNED } from "./testing/scans.ts";

const NOW = Date.UTC(2026, 10, 23);
const DAY_MS = 86_400_000;
const finding = (more: Partial<Finding> = {}): Finding => ({
  id: "CVE-2026-1",
  aliases: [],
  severity: "high",
  package: "openssl",
  installed: "1.1.1c",
  ...more,
});
const report = (more: Partial<ScanReport> = {}): ScanReport => ({
  digest: digestOf("a"),
  provider: "test",
  scanner: { name: "Trivy", version: "0.57.0" },
  finishedAt: SCANNED,
  findings: [],
  suppressed: [],
  ...more,
});
const written = (settings: object) => z.strictObject(rules).parse({ maxSeverity: "medium", ...settings });

function judged(answer: ScanAnswer | readonly ScanReport[], settings: object = {}) {
  const parsed = written(settings);
  const said = "state" in answer ? answer : { state: "reported" as const, reports: answer };
  return assess(
    "The provider",
    new Map([["", assessPart(said, parsed, NOW, (one) => exceptionOf(one, parsed, NOW))]]),
    parsed,
  );
}

describe("an image's vulnerabilities", () => {
  test("fail it above the maximum, with their names, and what to do", () => {
    const worse = finding({ id: "CVE-2026-2", severity: "critical", fixed: "1.1.1d", fixable: true });
    const many = Array.from({ length: 9 }, (_, n) => finding({ id: `CVE-2025-${n}`, severity: "medium" }));
    const { state, code, reason, evidence } = judged([report({ findings: [finding(), worse, ...many] })]);
    assert.deepEqual([state, code], ["failed", "vulnerable"]);
    assert.equal(
      reason,
      "The provider reports 2 vulnerabilities above medium: CVE-2026-2 (critical, openssl 1.1.1c, repaired in 1.1.1d), " +
        "CVE-2026-1 (high, openssl 1.1.1c). Build it with repaired packages, or except them in vulnerabilities.allow of its policy",
    );
    assert.equal(evidence?.["found"], "1 critical, 1 high, 9 medium");
    assert.equal(evidence?.["vulnerable"], "CVE-2026-1, CVE-2026-2");
    assert.deepEqual([evidence?.["scanner"], evidence?.["scanned"]], ["Trivy 0.57.0", SCANNED]);
  });

  test("that are not above it let it pass", () => {
    const { state, reason, expires } = judged([report({ findings: [finding({ severity: "medium" })] })]);
    assert.deepEqual([state, expires], ["passed", undefined]);
    assert.equal(reason, "The provider's scan found nothing above medium");
  });

  for (const [name, findings, settings, state] of [
    ["of unknown severity count as high", [finding({ severity: "unknown" })], {}, "failed"],
    [
      "of unknown severity count as the policy says",
      [finding({ severity: "unknown" })],
      { unknownAs: "low" },
      "passed",
    ],
    ["that nobody repairs may be let in", [finding({ fixable: false })], { onlyFixable: true }, "passed"],
    ["of which it is not known are not", [finding()], { onlyFixable: true }, "failed"],
    ["of severity none are let in by none", [finding({ severity: "none" })], { maxSeverity: "none" }, "passed"],
    ["that are low are not let in by none", [finding({ severity: "low" })], { maxSeverity: "none" }, "failed"],
  ] as const) {
    test(`${name}: ${state}`, () => assert.equal(judged([report({ findings })], settings).state, state));
  }

  test("are excepted by any of their names, until a day ends", () => {
    const allow = [{ id: "ghsa-aaaa", reason: "not reachable", expires: "2026-11-23" }];
    const found = [report({ findings: [finding({ aliases: ["GHSA-aaaa"] })] })];
    const { state, expires, evidence, reason } = judged(found, { allow });
    assert.deepEqual([state, expires], ["passed", NOW + DAY_MS]);
    assert.equal(evidence?.["excepted"], "ghsa-aaaa until 2026-11-24T00:00:00.000Z: not reachable");
    assert.match(reason, /but for 1 that is excepted/);
    assert.equal(judged(found, { allow: [{ ...allow[0], expires: "2026-11-22" }] }).state, "failed");
  });

  test("that the scanner left out count, unless the policy accepts that", () => {
    const suppressed = [{ ...finding(), by: "Trivy: ignored" }];
    assert.equal(judged([report({ suppressed })]).state, "failed");
    assert.equal(judged([report({ suppressed })], { acceptSuppressed: true }).state, "passed");
  });

  test("are counted once under all their names, by the worst of what is said of them", () => {
    const github = finding({ id: "GHSA-aaaa", aliases: ["CVE-2026-1"], severity: "critical", fixable: false });
    const other = finding({ id: "CVE-2026-9", aliases: ["GHSA-aaaa"], severity: "low", fixed: "2", fixable: true });
    const elsewhere = finding({ package: "libssl" });
    const all = withoutRepetition([finding(), elsewhere, github, other]);
    assert.deepEqual(
      all.map(({ id, severity, package: name, fixable, fixed }) => [id, severity, name, fixable, fixed]),
      [
        ["GHSA-aaaa", "critical", "openssl", true, "2"],
        ["CVE-2026-1", "high", "libssl", undefined, undefined],
      ],
    );
  });
});

describe("a scan", () => {
  for (const state of ["missing", "pending", "unsupported", "failed", "stale"] as const) {
    test(`that is ${state} leaves the image pending`, () => {
      const judgement = judged({ state, why: "says so" });
      assert.deepEqual([judgement.state, judgement.code], ["pending", `scan-${state}`]);
      assert.equal(judgement.reason, "The provider says so");
    });
  }

  for (const [name, reports, settings, code] of [
    ["that is partial", [report({ partial: "no Go modules" })], {}, "scan-partial"],
    ["of which more was left out than may be", [report({ omitted: { count: 9, worst: "high" } })], {}, "scan-partial"],
    ["that is older than its policy takes", [report()], { maxReportAge: "13h" }, "scan-stale"],
    ["of the future", [report({ finishedAt: "2026-11-24T00:00:00.000Z" })], {}, "scan-failed"],
    ["by another scanner than is required", [report()], { scanners: ["Grype"] }, "scan-missing"],
    ["by one of two that are required", [report()], { scanners: ["trivy", "Grype"] }, "scan-missing"],
    ["without a report", [], {}, "scan-missing"],
  ] as const) {
    test(`${name} leaves the image pending`, () => {
      const judgement = judged(reports, settings);
      assert.deepEqual([judgement.state, judgement.code], ["pending", code]);
      assert.match(judgement.reason, /Scan it|Check the clock|has no report|Build it/);
    });
  }

  test("that is partial or old still fails what it found", () => {
    const findings = [finding()];
    assert.equal(judged([report({ findings, partial: "half" })]).state, "failed");
    assert.equal(judged([report({ findings })], { maxReportAge: "1h" }).state, "failed");
  });

  test("that is older does not outvote a newer one of the same scanner, in any order", () => {
    const clean = report({ finishedAt: "2026-11-21T10:00:00.000Z" });
    const found = report({ findings: [finding()] });
    assert.equal(judged([clean, found]).state, "failed");
    assert.equal(judged([found, clean]).state, "failed");
    assert.equal(judged([report(), found]).state, "failed", "of two at the same time the one that says more");
  });

  test("of which only what is let in anyway was left out suffices", () => {
    assert.equal(judged([report({ omitted: { count: 9, worst: "low" } })]).state, "passed");
    assert.equal(judged([report({ omitted: { count: 9, worst: "unknown" } })], { unknownAs: "low" }).state, "passed");
  });

  test("holds until its report is too old", () => {
    assert.equal(judged([report()], { maxReportAge: "2d" }).expires, Date.parse(SCANNED) + 2 * DAY_MS);
  });
});

test("an index passes when all its images do", () => {
  const parsed = written({});
  const part = (answer: ScanAnswer) => assessPart(answer, parsed, NOW, () => undefined);
  const clean = part({ state: "reported", reports: [report()] });
  const missing = part({ state: "missing", why: "has no scan of it" });
  const bad = part({ state: "reported", reports: [report({ findings: [finding()] })] });
  const of = (arm: typeof clean) =>
    assess(
      "ECR",
      new Map([
        ["linux/amd64", clean],
        ["linux/arm64", arm],
      ]),
      parsed,
    );
  assert.match(of(clean).reason, /scans of its 2 images/);
  assert.deepEqual(
    [of(missing).state, of(missing).reason],
    ["pending", "ECR has no scan of it (its image for linux/arm64)"],
  );
  assert.equal(of(bad).evidence?.["found"], "linux/amd64: no vulnerability; linux/arm64: 1 high");
  assert.equal(of(bad).state, "failed");
});
