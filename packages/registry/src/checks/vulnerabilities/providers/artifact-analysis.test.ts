import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type ArtifactOccurrence,
  startArtifactAnalysisDouble,
} from "../../../../../../testing/artifact-analysis-double.ts";
import { reportedBy, scanContext, SCANNED, targetOf } from "../testing/scans.ts";
import { createArtifactAnalysis } from "./artifact-analysis.ts";

const target = targetOf("europe-docker.pkg.dev", "acme/images/executor-ml");
const URI = `https://europe-docker.pkg.dev/acme/images/executor-ml@${target.digest}`;
const discovery = (more: object = {}, time = SCANNED) => ({
  name: "projects/acme/occurrences/1",
  kind: "DISCOVERY",
  noteName: "projects/goog-analysis/notes/PACKAGE_VULNERABILITY",
  updateTime: time,
  discovery: { analysisStatus: "FINISHED_SUCCESS", continuousAnalysis: "ACTIVE", lastScanTime: time, ...more },
});
const vulnerability = (more: object = {}, issue: object = {}) => ({
  kind: "VULNERABILITY",
  noteName: "projects/goog-vulnz/notes/CVE-2026-3",
  vulnerability: {
    severity: "CRITICAL",
    effectiveSeverity: "HIGH",
    packageIssue: [
      {
        affectedPackage: "glibc",
        affectedVersion: { kind: "NORMAL", fullName: "2.31-13", name: "2.31", revision: "13" },
        fixedVersion: { kind: "MAXIMUM" },
        effectiveSeverity: "LOW",
        ...issue,
      },
    ],
    ...more,
  },
});

async function asked(...occurrences: readonly ArtifactOccurrence[]) {
  const double = await startArtifactAnalysisDouble();
  double.set(URI, occurrences);
  const { endpoint, token } = double;
  const provider = createArtifactAnalysis({ ...scanContext(), endpoint, token: () => Promise.resolve(token) });
  return { double, provider, [Symbol.asyncDispose]: () => double[Symbol.asyncDispose]() };
}

describe("Artifact Analysis' scans", () => {
  test("are vulnerabilities with the distribution's severity, asked for after the discovery", async ({ signal }) => {
    const fixed = {
      fixedVersion: { kind: "NORMAL", name: "2.31", revision: "14" },
      effectiveSeverity: "SEVERITY_UNSPECIFIED",
    };
    await using held = await asked(discovery(), vulnerability(), vulnerability({}, fixed));
    const { findings, finishedAt } = await reportedBy(held.provider, target, signal);
    const found = {
      id: "CVE-2026-3",
      aliases: [],
      severity: "low",
      package: "glibc",
      installed: "2.31-13",
      fixable: false,
    };
    assert.deepEqual(findings[0], found);
    assert.deepEqual(findings[1], { ...found, severity: "high", fixed: "2.31-14", fixable: true });
    assert.equal(finishedAt, SCANNED);
    assert.deepEqual(held.double.filters, [
      `kind="DISCOVERY" AND resourceUrl="${URI}"`,
      `kind="VULNERABILITY" AND resourceUrl="${URI}"`,
    ]);
  });

  test("are read to their last page", async ({ signal }) => {
    await using held = await asked(discovery(), ...Array.from({ length: 2100 }, () => vulnerability()));
    assert.equal((await reportedBy(held.provider, target, signal)).findings.length, 2100);
    assert.equal(held.double.filters.length, 4);
  });

  for (const [name, occurrences, state] of [
    ["has vulnerabilities and no discovery", [vulnerability()], "missing"],
    ["has nothing at all", [], "missing"],
    ["has a discovery of something else", [discovery({ analysisStatus: undefined, sbomStatus: {} })], "missing"],
    ["waits", [discovery({ analysisStatus: "PENDING" })], "pending"],
    ["is being scanned", [discovery({ analysisStatus: "SCANNING" })], "pending"],
    ["could not be scanned", [discovery({ analysisStatus: "FINISHED_FAILED" })], "failed"],
    ["is unsupported", [discovery({ analysisStatus: "FINISHED_UNSUPPORTED" })], "unsupported"],
    ["has a status of tomorrow", [discovery({ analysisStatus: "FINISHED_SOMEHOW" })], "failed"],
    ["is not kept up to date", [discovery({ continuousAnalysis: "INACTIVE" })], "stale"],
    ["was archived", [discovery({ archiveTime: SCANNED })], "stale"],
    [
      "is scanned again after a success",
      [discovery(), discovery({ analysisStatus: "SCANNING" }, "2026-11-22T11:00:00Z")],
      "pending",
    ],
  ] as const) {
    test(`of an image that ${name} are ${state}`, async ({ signal }) => {
      await using held = await asked(...occurrences);
      assert.equal((await held.provider.reportsOf(target, signal)).state, state);
    });
  }

  test("with errors of the analysis are partial, and what a VEX note excuses is set apart", async ({ signal }) => {
    const vexAssessment = { state: "NOT_AFFECTED", noteName: "projects/acme/notes/vex-1" };
    const errors = { analysisError: [{ code: 13, message: "no Go modules" }] };
    await using held = await asked(discovery(errors), vulnerability({ vexAssessment }));
    const { partial, findings, suppressed } = await reportedBy(held.provider, target, signal);
    assert.match(partial ?? "", /no Go modules/);
    assert.deepEqual(
      [findings.length, suppressed[0]?.by],
      [0, "Artifact Analysis: VEX note projects/acme/notes/vex-1"],
    );
  });

  test("of another resource than was asked for, or without an end, are none", async ({ signal }) => {
    await using held = await asked({ ...discovery(), resourceUri: `${URI.slice(0, -1)}f` });
    await assert.rejects(held.provider.reportsOf(target, signal), { code: "registry-protocol" });
    await using endless = await asked(...Array.from({ length: 1000 }, () => discovery()));
    endless.double.endless = true;
    await assert.rejects(endless.provider.reportsOf(target, signal), { code: "too-large" });
  });
});
