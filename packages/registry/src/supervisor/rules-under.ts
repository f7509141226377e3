import type { Logger } from "pino";
import type { CatalogueState } from "../catalogue/state.ts";
import { onInvalidOf } from "../checks/checks.ts";
import type { RulesUnder } from "../choice/rules.ts";
import type { Config } from "../config/schema.ts";
import { makeVersionPolicies } from "../policies/policies.ts";
import type { VersionPolicies } from "../policies/rules.ts";
import { VersionSettings } from "../policies/settings.ts";
import { problemFields } from "../logs/problem-fields.ts";

/** What a configuration decides about types. @throws ConfigurationError for a version policy that cannot be followed */
export function rulesUnder(config: Pick<Config, "checks" | "versions" | "executors">, log: Logger): RulesUnder {
  const { types } = config.executors;
  const onInvalid = onInvalidOf(config.checks ?? "none");
  const configured = makeVersionPolicies(config.versions);
  return (set) => {
    const versions = set === undefined ? configured : (operatorsPolicies(set, log) ?? configured);
    return (type) => ({ onInvalid: onInvalid(type), versions: versions.of(type), profile: profileIn(types, type) });
  };
}

/** Names of types are foreign: `constructor` is one. */
const profileIn = (types: Config["executors"]["types"], type: string) =>
  Object.hasOwn(types, type) ? types[type] : undefined;

/** Those that an operator has set; `undefined` for what another release wrote and this one cannot follow. */
function operatorsPolicies(
  { settings, by, since }: NonNullable<CatalogueState["versionPolicies"]>,
  log: Logger,
): VersionPolicies | undefined {
  try {
    return makeVersionPolicies(VersionSettings.parse(settings));
  } catch (problem) {
    log.error(
      { ...problemFields(problem), actor: by, since },
      "the version policies that an operator has set cannot be followed; the configuration's count",
    );
    return undefined;
  }
}
