import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ECR_CREDENTIALS, type EcrScan, startEcrDouble } from "../../../../../../testing/ecr-double.ts";
import { digestOf, reportedBy, scanContext, SCANNED, targetOf } from "../testing/scans.ts";
import { createEcrScans } from "./ecr.ts";

const HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const target = targetOf(HOST, "team/executor-ml");
const completedAt = new Date(SCANNED);
const basic = {
  name: "CVE-2026-1",
  severity: "HIGH",
  uri: "https://example.test",
  attributes: [
    { key: "package_name", value: "openssl" },
    { key: "package_version", value: "1.1.1c" },
  ],
};
const enhanced = (more: object = {}): object => ({
  awsAccountId: "123456789012",
  findingArn: "arn:aws:inspector2:eu-west-1:123456789012:finding/1",
  severity: "CRITICAL",
  status: "ACTIVE",
  fixAvailable: "YES",
  packageVulnerabilityDetails: {
    vulnerabilityId: "CVE-2026-2",
    relatedVulnerabilities: ["GHSA-aaaa-bbbb-cccc"],
    vulnerablePackages: [{ name: "torch", version: "2.1.0", fixedInVersion: "2.1.1", packageManager: "PIP" }],
  },
  ...more,
});

async function asked(scan: EcrScan | undefined) {
  const ecr = await startEcrDouble();
  ecr.scan("team/executor-ml", target.digest, scan);
  const provider = createEcrScans({ ...scanContext(), endpoint: ecr.endpoint, credentials: ECR_CREDENTIALS });
  return { ecr, provider, [Symbol.asyncDispose]: () => ecr[Symbol.asyncDispose]() };
}

describe("Amazon ECR's scans", () => {
  test("of basic scanning give severities, and no fixes", async ({ signal }) => {
    await using held = await asked({ status: "COMPLETE", completedAt, findings: [basic], counts: { HIGH: 1 } });
    const report = await reportedBy(held.provider, target, signal);
    const { scanner, finishedAt, findings, partial } = report;
    assert.deepEqual([scanner.name, finishedAt, partial], ["ECR basic scanning", SCANNED, undefined]);
    const found = { id: "CVE-2026-1", aliases: [], severity: "high", package: "openssl", installed: "1.1.1c" };
    assert.deepEqual(findings, [found]);
    assert.deepEqual(held.ecr.calls[0]?.input.imageId, { imageDigest: target.digest });
    assert.equal(held.ecr.calls[0]?.input.registryId, "123456789012");
  });

  test("of Inspector are read where both lists are there and the basic one is empty", async ({ signal }) => {
    const suppressed = enhanced({ status: "SUPPRESSED" });
    const unnamed = enhanced({ severity: "UNTRIAGED", fixAvailable: "NO", packageVulnerabilityDetails: undefined });
    const enhancedFindings = [enhanced(), suppressed, enhanced({ status: "CLOSED" }), unnamed];
    await using held = await asked({ status: "ACTIVE", completedAt, findings: [], enhancedFindings });
    const report = await reportedBy(held.provider, target, signal);
    assert.deepEqual(report.findings[0], {
      id: "CVE-2026-2",
      aliases: ["GHSA-aaaa-bbbb-cccc"],
      severity: "critical",
      package: "torch",
      installed: "2.1.0",
      fixed: "2.1.1",
      fixable: true,
    });
    assert.deepEqual([report.findings[1]?.severity, report.findings[1]?.fixable], ["unknown", false]);
    assert.deepEqual([report.findings.length, report.suppressed.length], [2, 1]);
  });

  for (const [name, scan, state] of [
    ["is ACTIVE before its first scan, with an empty list", { status: "ACTIVE", enhancedFindings: [] }, "pending"],
    ["is ACTIVE with the basic list alone, empty", { status: "ACTIVE", completedAt, findings: [] }, "pending"],
    ["is COMPLETE without any list", { status: "COMPLETE", completedAt }, "pending"],
    ["is IN_PROGRESS", { status: "IN_PROGRESS", findings: [] }, "pending"],
    ["is PENDING", { status: "PENDING" }, "pending"],
    ["FAILED", { status: "FAILED", description: "no idea" }, "failed"],
    ["is unsupported", { status: "UNSUPPORTED_IMAGE" }, "unsupported"],
    [
      "is scanned no more, and clean by that",
      { status: "SCAN_ELIGIBILITY_EXPIRED", completedAt, enhancedFindings: [] },
      "stale",
    ],
    ["has no findings to show", { status: "FINDINGS_UNAVAILABLE", findings: [] }, "missing"],
    ["is beyond the account's limit", { status: "LIMIT_EXCEEDED", findings: [] }, "failed"],
    ["is archived", { status: "IMAGE_ARCHIVED", findings: [] }, "unsupported"],
    ["has a status of tomorrow", { status: "toString", completedAt, findings: [] }, "failed"],
    ["was never scanned", undefined, "missing"],
  ] as const satisfies readonly (readonly [string, EcrScan | undefined, string])[]) {
    test(`of an image that ${name} are ${state}`, async ({ signal }) => {
      await using held = await asked(scan);
      const answer = await held.provider.reportsOf(target, signal);
      assert.equal(answer.state, state);
    });
  }

  test("are read to their last page", async ({ signal }) => {
    const findings = Array.from({ length: 2500 }, (_, n) => ({ ...basic, name: `CVE-2026-${n}` }));
    await using held = await asked({ status: "COMPLETE", completedAt, findings });
    const report = await reportedBy(held.provider, target, signal);
    assert.deepEqual([report.findings.length, held.ecr.count("DescribeImageScanFindings")], [2500, 3]);
  });

  test("that list fewer than they count are partial", async ({ signal }) => {
    await using held = await asked({
      status: "COMPLETE",
      completedAt,
      findings: [basic],
      counts: { HIGH: 1, CRITICAL: 4 },
    });
    assert.match((await reportedBy(held.provider, target, signal)).partial ?? "", /counts 5 findings and lists 1/);
  });

  test("without an end, or of another image, are none", async ({ signal }) => {
    await using endless = await asked({ status: "COMPLETE", completedAt, findings: [basic], endless: true });
    await assert.rejects(endless.provider.reportsOf(target, signal), { code: "too-large" });
    await using other = await asked({ status: "COMPLETE", completedAt, findings: [], digest: digestOf("b") });
    await assert.rejects(other.provider.reportsOf(target, signal), { code: "registry-protocol" });
  });

  test("are not asked of another registry, and a repository that is gone is no unscanned image", async ({ signal }) => {
    await using held = await asked({ status: "COMPLETE", completedAt, findings: [] });
    const elsewhere = targetOf("ghcr.io", "team/executor-ml");
    await assert.rejects(held.provider.reportsOf(elsewhere, signal), /not a registry of Amazon ECR/);
    held.ecr.failNext("DescribeImageScanFindings", { status: 400, type: "RepositoryNotFoundException" });
    await assert.rejects(held.provider.reportsOf(target, signal), { name: "RepositoryGoneError" });
    held.ecr.failNext("DescribeImageScanFindings", { status: 400, type: "AccessDeniedException" });
    await assert.rejects(held.provider.reportsOf(target, signal), /ecr:DescribeImageScanFindings/);
  });
});
