import { ConfigurationError, ExecutorRegistryError } from "@executor-registry/resolver";
import type { PoliciesDocument, PolicyChange } from "@executor-registry/resolver/internal";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { CatalogueState } from "../catalogue/state.ts";
import type { Choices } from "../choice/choices.ts";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import { makeVersionPolicies } from "../policies/policies.ts";
import { VersionSettings } from "../policies/settings.ts";
import { policyEffects } from "./policy-effects.ts";
import type { How } from "./requests.ts";
import type { ServedVersions } from "./served.ts";

type Policies = readonly Readonly<Record<string, unknown>>[];
type Set = NonNullable<CatalogueState["versionPolicies"]>;

export interface VersionPoliciesOptions {
  readonly choices: Choices;
  readonly served: ServedVersions;
  /** `versions.policies` of the configuration. */
  readonly configured: () => VersionSettings["policies"];
}

/** The version policies in force: the configuration's, or those that an operator has set in their place. */
export class PoliciesInForce {
  readonly #options: VersionPoliciesOptions;
  readonly #catalogue: Catalogue;

  constructor(options: VersionPoliciesOptions) {
    this.#options = options;
    this.#catalogue = options.choices.catalogue;
  }

  /** With its quotes: the last entry that set them, or took them back. */
  get etag(): string {
    return `"p${this.#catalogue.state.policiesSet?.sequence ?? 0}"`;
  }

  get document(): PoliciesDocument {
    const set = this.#catalogue.state.versionPolicies;
    if (set === undefined) {
      const configured = this.#options.configured();
      const { summary } = makeVersionPolicies({ policies: configured });
      const from = configured.length > 0 ? "configuration" : "default";
      return { from, policies: configured.map(asWritten), summary };
    }
    const { by, since, reason } = set;
    const policies = policiesOf(set);
    return { from: "operator", policies, summary: made(policies).summary, by, since, reason };
  }

  /**
   * Sets policies in place of the configuration's, or takes these back.
   * @throws ExecutorRegistryError `invalid-request` for those that cannot be followed, `precondition-failed` @throws StoreError
   */
  async set(
    policies: Policies | undefined,
    { reason, type }: { readonly reason: string; readonly type?: string | undefined },
    how: How,
  ): Promise<PolicyChange> {
    if (policies !== undefined) made(policies);
    const { choices, served } = this.#options;
    const since = new Date(0).toISOString();
    const set = policies && { settings: { policies }, by: how.actor, since, reason, sequence: 0 };
    const effects = await policyEffects(choices, choices.rulesUnder(set), type);
    const settings = policies && { settings: { policies } };
    const { request } = how;
    const change = { kind: "version-policies-set" as const, ...settings, ...(request !== undefined && { request }) };
    let outcome: PolicyChange["outcome"] = "changed";
    const decide = ({ versionPolicies, policiesSet }: CatalogueState) => {
      const repeated = request !== undefined && policiesSet?.requests?.includes(request) === true;
      if (!repeated && how.ifMatch !== undefined && how.ifMatch !== this.etag) throw changedMeanwhile(this.etag);
      const same =
        repeated || JSON.stringify(versionPolicies && policiesOf(versionPolicies)) === JSON.stringify(policies);
      outcome = same ? "unchanged" : "changed";
      return same ? [] : [{ reason, change }];
    };
    if (how.dryRun) decide(this.#catalogue.state);
    else {
      await this.#catalogue.record(how.actor, decide);
      await served.settle();
    }
    return { outcome, ...(how.dryRun && { dryRun: true }), ...effects };
  }
}

/** As a configuration has it: what is kept in milliseconds has a unit again, so that it can be set as it is read. */
const asWritten = (policy: VersionSettings["policies"][number]): Policies[number] =>
  "minAge" in policy ? { ...policy, minAge: `${policy.minAge}ms` } : policy;

const policiesOf = ({ settings }: Set): Policies => (settings as { readonly policies: Policies }).policies;

/** @throws ExecutorRegistryError code `invalid-request` */
function made(policies: Policies) {
  const parsed = VersionSettings.safeParse({ policies });
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new ExecutorRegistryError(
      "invalid-request",
      `the version policies cannot be followed: ${mistakes.join("; ")}`,
    );
  }
  try {
    return makeVersionPolicies(parsed.data);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new ExecutorRegistryError("invalid-request", error.message);
    throw error;
  }
}

function changedMeanwhile(etag: string): ExecutorRegistryError {
  const why = `the version policies have changed since they were read (they are at ${etag} now); read them, and ask again`;
  return new ExecutorRegistryError(SERVICE_ERRORS["precondition-failed"], why);
}
