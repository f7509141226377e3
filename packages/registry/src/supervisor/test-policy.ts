import { parseReference, type Clock, silentLogger } from "@executor-registry/resolver";
import type { PolicyTestDocument } from "@executor-registry/resolver/internal";
import { makePolicies } from "../checks/checks.ts";
import { loadConfig } from "../config/load-config.ts";
import type { Variables } from "../config/read-secrets.ts";
import { makeSources } from "../config/source-kinds.ts";
import { policyTestDocument } from "../http/test-policy.ts";
import { examine } from "../judging/examine.ts";
import { namingOf } from "./parts.ts";

/** What is tested, by which configuration. */
export interface PolicyTest {
  readonly image: string;
  /** @default those that the image's names mean */
  readonly type?: string;
  /** The configuration's file. */
  readonly file: string;
}

/**
 * What a configuration's checks say of an image now. It asks the image's registry; no store is opened, and nothing is written down.
 * @throws InvalidConfigurationError, InvalidReferenceError, and what the examination throws
 */
export async function testPolicy(
  { image, type, file }: PolicyTest,
  { clock, variables, signal }: { readonly clock: Clock; readonly variables: Variables; readonly signal: AbortSignal },
): Promise<PolicyTestDocument> {
  const reference = parseReference(image);
  const { config } = await loadConfig(file, variables);
  const naming = namingOf(config);
  const { template } = config.executors;
  const around = { naming, template, clock, random: Math.random, log: silentLogger };
  const sources = makeSources(config.sources, around).scanned.map(({ source }) => source);
  const policies = makePolicies(config.checks ?? "none");
  try {
    return policyTestDocument(await examine(reference, type, { policies, sources, naming, clock }, signal));
  } finally {
    await Promise.all(sources.map((source) => source.close()));
  }
}
