import { hash } from "node:crypto";
import { ConfigurationError } from "@executor-registry/resolver";
import { glob } from "../model/glob.ts";
import { newerBy, newest } from "./newest.ts";
import { Recency, RecencyOrder } from "./recency.ts";
import type { VersionPolicies, VersionRules } from "./rules.ts";
import type { VersionPolicySettings, VersionSettings } from "./settings.ts";

const fingerprintOf = (settings: unknown): string => hash("sha256", JSON.stringify(settings), "base64url").slice(0, 16);

/**
 * The version policies of a configuration. A type that none of them names has the newest by the time of push.
 * @throws ConfigurationError for a policy that cannot be followed
 */
export function makeVersionPolicies({ policies }: VersionSettings): VersionPolicies {
  const all = policies.map((settings) => ({
    types: settings.types,
    matches: settings.types.map((type) => glob(type)),
    rules: rulesOf(settings),
  }));
  return {
    hash: fingerprintOf(all.map(({ types, rules }) => [rules.name, types, rules.fingerprint])),
    summary: all.map(({ types, rules }) => `${rules.name} for ${types.join(", ")}: ${rules.summary}`),
    of: (type) => all.find(({ matches }) => matches.some((match) => match(type)))?.rules ?? DEFAULT,
  };
}

function rulesOf(settings: VersionPolicySettings): VersionRules {
  if (settings.kind !== "newest") {
    throw new ConfigurationError(
      `the version policy "${settings.name}" is of the kind ${settings.kind}, which is not known yet; use newest`,
    );
  }
  return newestRules(settings.name, settings);
}

function newestRules(name: string, settings: unknown): VersionRules {
  return {
    name,
    kind: "newest",
    fingerprint: fingerprintOf(settings),
    summary: "newest by pushed",
    onEmpty: "keep",
    onTagMoved: "follow",
    denials: [],
    evaluate: newest,
    dropOf: () => undefined,
    compare(a, b, { reads }) {
      const [one, other] = [new Recency(a.image, reads), new Recency(b.image, reads)];
      return new RecencyOrder([one, other]).compare(one, other);
    },
    decisive: (winner, loser, { reads }) =>
      `${winner.tag} ${newerBy(new Recency(winner.image, reads), new Recency(loser.image, reads))}`,
  };
}

const DEFAULT = newestRules("", "default");
