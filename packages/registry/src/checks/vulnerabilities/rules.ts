import { z } from "zod";
import { durationBetween } from "../../settings/duration.ts";
import type { Excuse } from "./assess.ts";
import { type Finding, SEVERITIES } from "../../model/scan-report.ts";

const DAY_MS = 86_400_000;

/** A date lasts until it ends in UTC. In milliseconds since the Unix epoch. */
const endOf = (text: string): number => Date.parse(text) + (text.includes("T") ? 0 : DAY_MS);

const Exception = z.strictObject({
  id: z.string().min(1).meta({ description: "`CVE-2026-1234`; other names of the same vulnerability are meant too" }),
  reason: z.string().min(1).max(300).meta({ description: "Why, for the evidence" }),
  expires: z
    .union([z.iso.date(), z.iso.datetime({ offset: true })])
    .meta({ description: "Until when: a day, such as `2026-12-31`, or a time" }),
});

/** What a policy says of vulnerabilities, from whichever report. */
export const rules = {
  maxSeverity: z.enum(SEVERITIES).exclude(["unknown"]).meta({
    description: "The worst severity that is let in: with `medium`, what is `high` or `critical` fails",
  }),
  onlyFixable: z.boolean().default(false).meta({
    description:
      "Only what an update repairs keeps an image out; what a provider does not say counts as if it could be repaired",
  }),
  unknownAs: z.enum(SEVERITIES).exclude(["unknown"]).default("high").meta({
    description: "What a vulnerability counts as whose severity nobody has given",
  }),
  allow: z.array(Exception).max(1000).default([]).meta({ description: "Vulnerabilities that are let in" }),
  maxReportAge: durationBetween("1h", "366d").optional().meta({
    description: "How long ago a scan may have ended; any time when absent",
  }),
  scanners: z.array(z.string().min(1)).max(8).default([]).meta({
    description:
      "Scanners that must each have a report of it, such as `Trivy`; those of others do not count. Any one when empty",
  }),
  acceptSuppressed: z.boolean().default(false).meta({
    description:
      "Whether what the scanner was told to leave out (`.trivyignore`, Inspector's suppression rules) is left out here",
  }),
};
const Rules = z.strictObject(rules);
export type Rules = z.output<typeof Rules>;

/** Why a policy lets a finding in; `undefined` where it does not, or not any more. */
export function exceptionOf({ id, aliases }: Finding, { allow }: Rules, now: number): Excuse | undefined {
  const names = new Set([id, ...aliases].map((name) => name.toUpperCase()));
  const found = allow
    .filter((one) => names.has(one.id.toUpperCase()) && endOf(one.expires) > now)
    .toSorted((a, b) => endOf(b.expires) - endOf(a.expires))[0];
  if (found === undefined) return undefined;
  const until = endOf(found.expires);
  return { what: `${found.id} until ${new Date(until).toISOString()}: ${found.reason}`, until };
}
