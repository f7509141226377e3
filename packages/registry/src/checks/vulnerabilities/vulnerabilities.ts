import { ExecutorRegistryError } from "@executor-registry/resolver";
import { z } from "zod";
import type { Image } from "../../model/image.ts";
import type { RepositoryReader } from "../../oci/read/repository-reader.ts";
import { RegistryError } from "../../oci/wire/errors.ts";
import { forEachLimited } from "../../sources/for-each-limited.ts";
import { assess, type Assessment, assessPart, type Part } from "./assess.ts";
import type { ProviderContext } from "./providers/provider.ts";
import { PROVIDERS } from "./providers/providers.ts";
import { vexExcuse } from "./vex/decide.ts";
import { VexSettings, vexStatements } from "./vex/read-vex.ts";
import { exceptionOf, rules } from "./rules.ts";
import { trustOf } from "../signature/signers.ts";
import { scanTargets, type Target } from "./targets.ts";
import { problemFields } from "../../logs/problem-fields.ts";

/** What images' vulnerabilities may be, and who says what they are. */
export const VulnerabilitySettings = z.strictObject({
  provider: PROVIDERS.schema.meta({
    description: "Who says what is vulnerable: severities of different providers are not compared",
  }),
  ...rules,
  vex: VexSettings.optional().meta({
    description:
      "Who may say, by OpenVEX or CycloneDX that they sign and attach to the image, that a vulnerability does not matter in it. Nobody when absent",
  }),
});
export type VulnerabilitySettings = z.output<typeof VulnerabilitySettings>;

/** Images of one index that are asked for at the same time. */
const AT_ONCE = 4;

/** Judges an image by the scans of it. @returns what judges one */
export function createVulnerabilityJudge(
  settings: VulnerabilitySettings,
  context: ProviderContext,
): (image: Image, reader: RepositoryReader, signal: AbortSignal) => Promise<Assessment> {
  const { provider: config, vex, ...rules } = settings;
  const provider = PROVIDERS.make(config, context);
  const { clock, log } = context;
  const vexTrust = vex && trustOf(vex, { clock });

  async function part(target: Target, signal: AbortSignal): Promise<Part> {
    const answer = await provider.reportsOf(target, signal);
    const now = clock.now();
    const plain = assessPart(answer, rules, now, (finding) => exceptionOf(finding, rules, now));
    if (vex === undefined || vexTrust === undefined || plain.vulnerable.length === 0) return plain;
    const statements = await vexStatements(target, vexTrust, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      // Without all that is stated nothing is excused.
      log.warn(
        { repository: target.repository.name, digest: target.digest, ...problemFields(error) },
        "what is stated about vulnerabilities cannot be read",
      );
      return [];
    });
    return assessPart(
      answer,
      rules,
      now,
      (finding) => exceptionOf(finding, rules, now) ?? vexExcuse(finding, target, statements, vex, now),
    );
  }

  return async (image, reader, signal) => {
    try {
      const targets = await scanTargets(image, reader, signal);
      if (typeof targets === "string") return { state: "pending", code: "scan-unsupported", reason: targets };
      const parts = new Map<Target, Part>();
      await forEachLimited(targets, AT_ONCE, async (target) => void parts.set(target, await part(target, signal)));
      const named = targets.map((target, index): [string, Part | undefined] => [
        nameOf(target, targets, index),
        parts.get(target),
      ]);
      return assess(provider.title, new Map(named.flatMap(([name, one]) => (one ? [[name, one]] : []))), rules);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ExecutorRegistryError)) throw error;
      return {
        state: "pending",
        code: codeOf(error),
        reason: `${provider.title}'s scans of it cannot be read: ${error.message}`,
      };
    }
  };
}

function nameOf({ platform, digest }: Target, targets: readonly Target[], index: number): string {
  const twice = targets.some((one, at) => at !== index && one.platform === platform);
  return platform === undefined || twice ? digest : platform;
}

/** What is too large, or cannot be understood, is so again; all else may pass. */
function codeOf(error: ExecutorRegistryError): string {
  if (error.code === "too-large") return "limit-exceeded";
  return error instanceof RegistryError && error.code === "registry-protocol" ? "scan-failed" : "registry-unavailable";
}
