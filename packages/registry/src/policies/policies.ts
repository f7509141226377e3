import { ConfigurationError } from "@executor-registry/resolver";
import { glob } from "../model/glob.ts";
import { alphabetical } from "./alphabetical.ts";
import { fingerprintOf, makeRules } from "./make-rules.ts";
import { newest } from "./newest.ts";
import { numerical } from "./numerical.ts";
import { regex } from "./regex.ts";
import type { VersionPolicies, VersionRules } from "./rules.ts";
import { semver } from "./semver.ts";
import { semverHint } from "./semver-hint.ts";
import type { VersionPolicySettings, VersionSettings } from "./settings.ts";
import { followedTag } from "./tag.ts";

/**
 * The version policies of a configuration. A type that none of them names has the newest by the time of push.
 * @throws ConfigurationError for a pattern or a range that cannot be used
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
    of: (type) => all.find(({ matches }) => matches.some((match) => match(type)))?.rules ?? DEFAULT_RULES,
  };
}

/** The rules of one policy. A new kind has its row here, and its settings in `settings.ts`. */
function rulesOf(settings: VersionPolicySettings): VersionRules {
  try {
    switch (settings.kind) {
      case "semver":
        return makeRules(settings, semver(settings));
      case "numerical":
        return makeRules(settings, numerical(settings));
      case "alphabetical":
        return makeRules(settings, alphabetical(settings));
      case "regex":
        return makeRules(settings, regex(settings));
      case "newest":
        return makeRules(settings, newest(settings));
      case "tag":
        return makeRules(settings, followedTag(settings));
    }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError(`the version policy "${settings.name}": ${error.message}`);
  }
}

const DEFAULT_SETTINGS = {
  name: "",
  types: ["*"],
  kind: "newest",
  by: "pushed",
  minAge: 0,
  include: [],
  exclude: [],
  deny: [],
  onEmpty: "keep",
  onTagMoved: "follow",
} as const satisfies VersionPolicySettings;

const DEFAULT_RULES = makeRules({ ...DEFAULT_SETTINGS }, { ...newest(DEFAULT_SETTINGS), warnings: semverHint });
