import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { digestOf, SCANNED, targetOf } from "../testing/scans.ts";
import { parseScan } from "./formats.ts";
import { isOf } from "./scan-document.ts";

const place = { host: "r.test" };
const readScan = (value: unknown, of = place) => parseScan(Buffer.from(JSON.stringify(value)), of);
const IMAGE_ID = digestOf("c");

/** As Trivy 0.57 prints them; what is not read is left out. */
const trivy = (more: object = {}) => ({
  SchemaVersion: 2,
  Trivy: { Version: "0.57.0" },
  CreatedAt: "2026-11-22T10:00:00.000000005Z",
  ArtifactName: "r.test/team/executor-ml:1.0.0",
  ArtifactType: "container_image",
  Metadata: {
    OS: { Family: "alpine", Name: "3.10.2", EOSL: true },
    ImageID: IMAGE_ID,
    RepoDigests: [`r.test/team/executor-ml@${digestOf("a")}`],
  },
  Results: [
    {
      Target: "r.test/team/executor-ml:1.0.0 (alpine 3.10.2)",
      Class: "os-pkgs",
      Type: "alpine",
      Vulnerabilities: [
        {
          VulnerabilityID: "CVE-2019-1549",
          PkgID: "libcrypto1.1@1.1.1c-r0",
          PkgName: "libcrypto1.1",
          PkgIdentifier: { PURL: "pkg:apk/alpine/libcrypto1.1@1.1.1c-r0?arch=x86_64&distro=3.10.2" },
          InstalledVersion: "1.1.1c-r0",
          FixedVersion: "1.1.1d-r0",
          Status: "fixed",
          SeveritySource: "nvd",
          Severity: "MEDIUM",
        },
        {
          VulnerabilityID: "CVE-2026-5",
          PkgName: "musl",
          InstalledVersion: "1.1",
          Status: "affected",
          Severity: "UNKNOWN",
        },
      ],
      ExperimentalModifiedFindings: [
        {
          Type: "vulnerability",
          Status: "ignored",
          Statement: "accepted until spring",
          Source: ".trivyignore.yaml",
          Finding: {
            VulnerabilityID: "CVE-2026-6",
            PkgName: "busybox",
            InstalledVersion: "1.30",
            Severity: "CRITICAL",
          },
        },
        { Type: "license", Status: "ignored", Finding: {} },
      ],
    },
    { Target: "Python", Class: "lang-pkgs", Type: "python-pkg" },
  ],
  ...more,
});

/** As Grype 0.90 prints them. */
const grype = (more: object = {}) => ({
  matches: [
    {
      vulnerability: { id: "GHSA-aaaa-bbbb-cccc", severity: "High", fix: { versions: ["2.1.1"], state: "fixed" } },
      relatedVulnerabilities: [{ id: "CVE-2026-7" }],
      artifact: { name: "torch", version: "2.1.0", type: "python", purl: "pkg:pypi/torch@2.1.0" },
    },
    {
      vulnerability: { id: "CVE-2026-8", severity: "Negligible", fix: { versions: [], state: "" } },
      relatedVulnerabilities: [],
      artifact: { name: "bash", version: "5.0", purl: "" },
    },
  ],
  ignoredMatches: [
    {
      vulnerability: { id: "CVE-2026-9", severity: "Critical", fix: { versions: [], state: "wont-fix" } },
      artifact: { name: "curl", version: "7" },
      appliedIgnoreRules: [{ vulnerability: "CVE-2026-9", "vex-status": "not_affected" }],
    },
  ],
  source: { type: "image", target: { imageID: IMAGE_ID, manifestDigest: digestOf("a"), repoDigests: [] } },
  descriptor: {
    name: "grype",
    version: "0.90.0",
    timestamp: "2026-11-22T11:00:00+01:00",
    db: { status: { built: SCANNED } },
  },
  ...more,
});

const predicate = (result: unknown, scanFinishedOn = "2026-11-23T00:00:00Z") => ({
  invocation: { parameters: null, uri: "", event_id: "", "builder.id": "" },
  scanner: { uri: "pkg:github/aquasecurity/trivy@0.57.0", version: "0.57.0", db: { uri: "", version: "" }, result },
  metadata: { scanStartedOn: scanFinishedOn, scanFinishedOn },
});

describe("a report", () => {
  test("of Trivy has findings with fixes, what was left out, and whose it is", () => {
    const document = readScan(trivy(), place);
    assert.deepEqual([document?.imageId, document?.digests], [IMAGE_ID, [digestOf("a")]]);
    const { scanner, finishedAt, findings, suppressed } = document?.report ?? assert.fail();
    assert.deepEqual([scanner, finishedAt], [{ name: "Trivy", version: "0.57.0" }, SCANNED]);
    const [first, second, ...others] = findings;
    assert.deepEqual(first, {
      id: "CVE-2019-1549",
      aliases: [],
      severity: "medium",
      package: "libcrypto1.1",
      installed: "1.1.1c-r0",
      fixed: "1.1.1d-r0",
      fixable: true,
      purl: "pkg:apk/alpine/libcrypto1.1@1.1.1c-r0?arch=x86_64&distro=3.10.2",
    });
    assert.deepEqual([second?.severity, second?.fixable, others.length], ["unknown", false, 0]);
    const left = suppressed.map(({ id, by }) => [id, by]);
    assert.deepEqual(left, [["CVE-2026-6", "Trivy: ignored, .trivyignore.yaml, accepted until spring"]]);
  });

  test("of Trivy without results is of a clean image, as Trivy leaves out what is empty", () => {
    assert.deepEqual(readScan(trivy({ Results: undefined }), place)?.report.findings, []);
    assert.deepEqual(readScan(trivy({ Results: null }), place)?.report.findings, []);
  });

  test("of Grype has aliases, its database's time and what it ignored", () => {
    const document = readScan(grype(), place);
    const { scanner, finishedAt, findings, suppressed } = document?.report ?? assert.fail();
    assert.deepEqual([scanner, finishedAt], [{ name: "Grype", version: "0.90.0", databaseTime: SCANNED }, SCANNED]);
    const read = findings.map(({ id, aliases, severity, fixable }) => [id, aliases, severity, fixable]);
    assert.deepEqual(read, [
      ["GHSA-aaaa-bbbb-cccc", ["CVE-2026-7"], "high", true],
      ["CVE-2026-8", [], "none", undefined],
    ]);
    assert.deepEqual([suppressed[0]?.by, suppressed[0]?.fixable], ["Grype: ignored by not_affected", false]);
    assert.deepEqual([document?.imageId, document?.digests], [IMAGE_ID, [digestOf("a")]]);
  });

  test("in cosign's predicate is no newer than its result, and none without one", () => {
    assert.equal(readScan(predicate(trivy()), place)?.report.finishedAt, SCANNED);
    assert.equal(
      readScan(predicate(trivy(), "2026-11-01T00:00:00Z"), place)?.report.finishedAt,
      "2026-11-01T00:00:00.000Z",
    );
    assert.equal(readScan(predicate(null), place), undefined);
    assert.throws(() => readScan(predicate(trivy(), "soon"), place), /scanFinishedOn/);
  });

  for (const [name, value] of [
    ["SARIF", { version: "2.1.0", runs: [] }],
    ["CycloneDX without vulnerabilities", { bomFormat: "CycloneDX", specVersion: "1.6", vulnerabilities: [] }],
    ["a list", []],
    ["null", null],
    ["text", "clean"],
  ] as const) {
    test(`that is ${name} is none`, () => assert.equal(readScan(value, place), undefined));
  }

  for (const [name, value] of [
    ["of a file system", trivy({ ArtifactType: "filesystem" })],
    ["without a time", trivy({ CreatedAt: "0001-01-01T00:00:00Z" })],
    ["with a vulnerability that has no name", trivy({ Results: [{ Vulnerabilities: [{ Severity: "LOW" }] }] })],
    ["with a list that is none", trivy({ Results: "none" })],
    [
      "with more findings than are read",
      trivy({ Results: [{ Vulnerabilities: Array.from({ length: 20_001 }, () => ({})) }] }),
    ],
    ["of Grype, of a folder", grype({ source: { type: "directory", target: "/" } })],
    ["of Grype without a time", grype({ descriptor: { name: "grype", timestamp: "" } })],
  ] as const) {
    test(`${name} is refused as a whole`, () => {
      assert.throws(() => readScan(value, place), { code: "registry-protocol" });
    });
  }

  test("is not made of bytes that nest too deep, or are no JSON", () => {
    assert.throws(() => parseScan(Buffer.from("[".repeat(1000)), place), { code: "too-large" });
    assert.throws(() => parseScan(Buffer.from("{"), place), { code: "registry-protocol" });
  });

  for (const [name, imageId, digests, expected] of [
    ["its configuration's digest", IMAGE_ID, [], "yes"],
    ["that, and the index that names it", IMAGE_ID, [digestOf("1")], "yes"],
    ["another configuration, and its own digest", digestOf("e"), [digestOf("a")], "no"],
    ["its manifest's digest alone", "", [digestOf("a")], "yes"],
    ["the index alone, which has other images", undefined, [digestOf("1")], "unsaid"],
    ["another image's digest", undefined, [digestOf("f")], "no"],
    ["nothing", undefined, [], "unsaid"],
  ] as const) {
    test(`is of an image by ${name}: ${expected}`, () => {
      const target = targetOf("r.test", "team/executor-ml", { digest: digestOf("a"), image: digestOf("1") });
      const { report } = readScan(trivy(), place) ?? assert.fail();
      assert.equal(isOf({ ...(imageId !== undefined && { imageId }), digests, report }, target, IMAGE_ID), expected);
    });
  }
});
