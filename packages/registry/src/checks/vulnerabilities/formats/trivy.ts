import { z } from "zod";
import type { SuppressedFinding } from "../../../model/scan-report.ts";
import { findingOf, MAX_FINDINGS, momentOf, severityWords } from "../report.ts";
import { digestIn, listOf, optionalText, type ScanFormat } from "./scan-document.ts";

const severityOf = severityWords({ low: "low", medium: "medium", high: "high", critical: "critical" });

const Vulnerability = z
  .object({
    VulnerabilityID: z.string().min(1),
    VendorIDs: listOf(z.string(), 100),
    PkgName: optionalText,
    PkgIdentifier: z.object({ PURL: optionalText }).nullish(),
    InstalledVersion: optionalText,
    FixedVersion: optionalText,
    Severity: optionalText,
  })
  .transform((one) =>
    findingOf({
      id: one.VulnerabilityID,
      aliases: one.VendorIDs,
      severity: severityOf(one.Severity ?? undefined),
      package: one.PkgName,
      installed: one.InstalledVersion,
      fixed: one.FixedVersion,
      fixable: (one.FixedVersion ?? "") !== "",
      purl: one.PkgIdentifier?.PURL,
    }),
  );

/** What `.trivyignore`, a policy or VEX took out; of other kinds than vulnerabilities too. */
const Modified = z
  .object({
    Type: optionalText,
    Status: optionalText,
    Statement: optionalText,
    Source: optionalText,
    Finding: z.unknown(),
  })
  .transform(({ Type, Status, Statement, Source, Finding }): SuppressedFinding | undefined => {
    if ((Type ?? "vulnerability") !== "vulnerability") return undefined;
    const by = [Status ?? "left out", Source ?? "", Statement ?? ""].filter((part) => part !== "").join(", ");
    return { ...Vulnerability.parse(Finding), by: `Trivy: ${by}`.slice(0, 200) };
  });

const Report = z.object({
  SchemaVersion: z.literal(2),
  CreatedAt: z.string(),
  ArtifactType: z.literal("container_image"),
  Trivy: z.object({ Version: optionalText }).nullish(),
  Metadata: z.object({ ImageID: optionalText, RepoDigests: listOf(z.string(), 100) }).nullish(),
  Results: listOf(
    z.object({
      Vulnerabilities: listOf(Vulnerability, MAX_FINDINGS),
      ExperimentalModifiedFindings: listOf(Modified, MAX_FINDINGS),
    }),
    MAX_FINDINGS,
  ),
});

/** @see https://trivy.dev/latest/docs/configuration/reporting/#json */
export const trivyFormat: ScanFormat = {
  name: "Trivy JSON",
  matches: (value) => "SchemaVersion" in value && "ArtifactType" in value,
  parse(value) {
    const { CreatedAt, Trivy, Metadata, Results } = Report.parse(value);
    const finishedAt = momentOf(CreatedAt);
    if (finishedAt === undefined) throw new TypeError("CreatedAt is no time");
    const version = Trivy?.Version ?? undefined;
    return {
      ...(Metadata?.ImageID && { imageId: Metadata.ImageID }),
      digests: (Metadata?.RepoDigests ?? []).map(digestIn),
      report: {
        scanner: { name: "Trivy", ...(version !== undefined && { version }) },
        finishedAt,
        findings: Results.flatMap(({ Vulnerabilities }) => Vulnerabilities),
        suppressed: Results.flatMap((result) => result.ExperimentalModifiedFindings.flatMap((one) => one ?? [])),
      },
    };
  },
};
