import type { Clock, Random } from "@executor-registry/resolver";
import type { Logger } from "pino";
import { createAccess, type Access } from "./auth/access.ts";
import type { Catalogue } from "./catalogue/catalogue.ts";
import { createNaming } from "./catalogue/naming.ts";
import { createApprovedNamespaceCheck } from "./checks/approved-namespace.ts";
import { makeAuthenticators } from "./config/make-authenticators.ts";
import { makeSources } from "./config/make-sources.ts";
import type { Config } from "./config/schema.ts";
import type { Webhook } from "./http/webhook-route.ts";
import { Scanner } from "./scan/scanner.ts";
import type { ImageSource } from "./sources/image-source.ts";

/** What a configuration decides, made from it: replaced as a whole by the next. */
export interface Parts {
  readonly sources: readonly ImageSource[];
  readonly scanner: Scanner;
  readonly access: Access;
  readonly webhooks: ReadonlyMap<string, Webhook>;
  close(): Promise<void>;
}

/** What stays the same whatever the configuration says. */
export interface Surroundings {
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Makes the parts; nothing runs yet. @throws ConfigurationError */
export async function makeParts(config: Config, { catalogue, clock, random, log }: Surroundings): Promise<Parts> {
  const { template, tags, aliases } = config.executors;
  const naming = createNaming({ template, aliases, ...(tags && { tags }) });
  const polled = makeSources(config.sources, { naming, clock, random, log });
  const checks = [createApprovedNamespaceCheck(config.checks.approvedNamespaces)];
  const scanner = new Scanner({ sources: polled, catalogue, naming, checks, clock, random, log });
  const { reads, writes } = config.auth;
  const access = createAccess({ reads, writes, authenticators: await makeAuthenticators(config.auth, log), clock });
  return {
    sources: polled.map(({ source }) => source),
    scanner,
    access,
    webhooks: new Map(),
    close: () => scanner.close(),
  };
}
