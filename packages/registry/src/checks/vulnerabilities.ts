import { type Check, fingerprintOf } from "./check.ts";
import { createVulnerabilityJudge, type VulnerabilitySettings } from "./vulnerabilities/vulnerabilities.ts";

/** Members of settings that say how something is asked, and not what is asked for. */
const UNJUDGED: ReadonlySet<string> = new Set(["mode", "password"]);

/** Lets in only images whose scans found nothing worse than a policy allows. @param lifetime milliseconds that an answer holds */
export function createVulnerabilityCheck(
  settings: VulnerabilitySettings,
  lifetime: number,
  context: Parameters<typeof createVulnerabilityJudge>[1],
): Check {
  const judge = createVulnerabilityJudge(settings, context);
  const judged = JSON.stringify(settings, (name, value: unknown) => (UNJUDGED.has(name) ? undefined : value));
  return {
    name: "vulnerabilities",
    fingerprint: fingerprintOf(judged, 1),
    lifetime,
    judge: ({ image, reader }, signal) => judge(image, reader, signal),
  };
}
