import { z } from "zod";
import type { Finding } from "../../../model/scan-report.ts";
import { findingOf, kept, MAX_FINDINGS, momentOf, severityWords } from "../report.ts";
import { digestIn, listOf, optionalText, type ScanFormat } from "./scan-document.ts";

const severityOf = severityWords({
  negligible: "none",
  low: "low",
  medium: "medium",
  high: "high",
  critical: "critical",
});

const match = {
  vulnerability: z.object({
    id: z.string().min(1),
    severity: optionalText,
    fix: z.object({ versions: listOf(z.string(), 100), state: optionalText }).nullish(),
  }),
  relatedVulnerabilities: listOf(z.object({ id: z.string() }), 100),
  artifact: z.object({ name: optionalText, version: optionalText, purl: optionalText }),
};
const Match = z.object(match);
const Ignored = z.object({
  ...match,
  appliedIgnoreRules: listOf(z.object({ reason: optionalText, "vex-status": optionalText }), 100),
});

function findingIn({ vulnerability, relatedVulnerabilities, artifact }: z.output<typeof Match>): Finding {
  const { versions = [], state } = vulnerability.fix ?? {};
  return findingOf({
    id: vulnerability.id,
    aliases: relatedVulnerabilities.map(({ id }) => id),
    severity: severityOf(vulnerability.severity ?? undefined),
    package: artifact.name,
    installed: artifact.version,
    fixed: versions.join(", "),
    // An unknown state is what its database does not say.
    fixable:
      state === "fixed" || versions.length > 0
        ? true
        : state === "not-fixed" || state === "wont-fix"
          ? false
          : undefined,
    purl: artifact.purl,
  });
}

const Report = z.object({
  matches: z.array(Match).max(MAX_FINDINGS),
  ignoredMatches: listOf(Ignored, MAX_FINDINGS),
  source: z.object({
    type: z.literal("image"),
    target: z.object({ imageID: optionalText, manifestDigest: optionalText, repoDigests: listOf(z.string(), 100) }),
  }),
  descriptor: z.object({
    name: z.literal("grype"),
    version: optionalText,
    timestamp: optionalText,
    db: z.unknown().optional(),
  }),
});

/** Its place has changed between releases. */
const Database = z.object({
  built: optionalText,
  status: z.object({ built: optionalText }).nullish(),
});

/** @see https://github.com/anchore/grype/tree/main/schema/grype */
export const grypeFormat: ScanFormat = {
  name: "Grype JSON",
  matches: (value) => "matches" in value && "descriptor" in value,
  parse(value) {
    const { matches, ignoredMatches, source, descriptor } = Report.parse(value);
    const finishedAt = momentOf(descriptor.timestamp);
    if (finishedAt === undefined) throw new TypeError("descriptor.timestamp is no time");
    const { built, status } = Database.safeParse(descriptor.db ?? {}).data ?? {};
    const [version, databaseTime] = [kept(descriptor.version), momentOf(status?.built ?? built)];
    const { imageID, manifestDigest, repoDigests } = source.target;
    return {
      ...(imageID && { imageId: imageID }),
      digests: [...(manifestDigest ? [manifestDigest] : []), ...repoDigests.map(digestIn)],
      report: {
        scanner: {
          name: "Grype",
          ...(version !== undefined && { version }),
          ...(databaseTime !== undefined && { databaseTime }),
        },
        finishedAt,
        findings: matches.map(findingIn),
        suppressed: ignoredMatches.map((one) => {
          const why = one.appliedIgnoreRules.map((rule) => rule["vex-status"] || rule.reason || "a rule").join(", ");
          return { ...findingIn(one), by: `Grype: ignored by ${kept(why) ?? "a rule"}` };
        }),
      },
    };
  },
};
