import { type Clock, ExecutorRegistryError } from "@executor-registry/resolver";
import type {
  DenialDocument,
  HistoryPage,
  PinDocument,
  PoliciesDocument,
  PolicyChange,
  SelectionChange as SelectionOutcome,
  VersionPolicyReport,
} from "@executor-registry/resolver/internal";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { applySelection } from "../catalogue/selection-fold.ts";
import type { CatalogueState, CatalogueType } from "../catalogue/state.ts";
import type { Choices } from "../choice/choices.ts";
import { choose } from "../choice/current.ts";
import { pinnedOf } from "../choice/pinned.ts";
import type { Entry } from "../journal/entry.ts";
import type { Change } from "../model/change.ts";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import {
  type Decision,
  decideAllowance,
  decideDenial,
  decidePin,
  decideRollback,
  decideUnpin,
  type Situation,
} from "./decisions.ts";
import { denialDocument, historyPage, pinDocument, policyReport, versionRef } from "./documents.ts";
import type { DenyRequest, How, PinRequest, RollbackRequest } from "./requests.ts";
import type { ServedVersions } from "./served.ts";
import { PoliciesInForce, type VersionPoliciesOptions } from "./version-policies.ts";

export interface SelectionOptions extends VersionPoliciesOptions {
  readonly clock: Clock;
}

type Decide = (situation: Situation) => Decision;

/** What operators decide about versions: pins, rollbacks, denials; and what became of that. */
export class Selection {
  readonly #choices: Choices;
  readonly #catalogue: Catalogue;
  readonly #served: ServedVersions;
  readonly #clock: Clock;

  readonly #policies: PoliciesInForce;

  constructor({ choices, served, clock, configured }: SelectionOptions) {
    this.#policies = new PoliciesInForce({ choices, served, configured });
    this.#choices = choices;
    this.#catalogue = choices.catalogue;
    this.#served = served;
    this.#clock = clock;
  }

  /** Of what decides about a type, with its quotes: the last entry that changed it. Without a type, of the version policies. */
  etag(type?: string): string {
    return type === undefined ? this.#policies.etag : etagOf(this.#type(type));
  }

  /** @throws ExecutorRegistryError `not-found`, `version-not-admitted`, `precondition-failed` @throws StoreError */
  pin(type: string, request: PinRequest, how: How): Promise<SelectionOutcome> {
    return this.#change(type, how, (situation) => decidePin(situation, request));
  }

  unpin(type: string, request: { readonly reason: string }, how: How): Promise<SelectionOutcome> {
    return this.#change(type, how, (situation) => decideUnpin(situation, request));
  }

  /** @throws ExecutorRegistryError `nothing-earlier`, `not-found`, `version-not-admitted`, `precondition-failed` @throws StoreError */
  async rollback(type: string, request: RollbackRequest, how: How): Promise<SelectionOutcome> {
    // It goes back from what is answered now.
    await this.#catchUp(how);
    await this.#served.settle();
    return this.#change(type, how, (situation) => decideRollback(situation, request));
  }

  deny(type: string, request: DenyRequest, how: How): Promise<SelectionOutcome> {
    return this.#change(type, how, (situation) => decideDenial(situation, request));
  }

  /** @param id of the denial @throws ExecutorRegistryError `not-found`, `precondition-failed` @throws StoreError */
  allow(type: string, id: number, request: { readonly reason: string }, how: How): Promise<SelectionOutcome> {
    return this.#change(type, how, (situation) => decideAllowance(situation, id, request));
  }

  pinOf(name: string): PinDocument | undefined {
    const type = this.#type(name);
    const grounds = this.#choices.groundsOf(name);
    const pinned = pinnedOf(type, grounds);
    return pinned && pinDocument(type, pinned, grounds);
  }

  history(name: string, limit: number): HistoryPage {
    return historyPage(this.#type(name), limit);
  }

  /** Those of the configuration first. */
  denials(name: string): readonly DenialDocument[] {
    const { denials } = this.#type(name);
    return [...this.#choices.groundsOf(name).rules.versions.denials, ...denials].map(denialDocument);
  }

  policyOf(name: string): VersionPolicyReport {
    const type = this.#type(name);
    const choice = this.#choices.view(name)?.choice ?? {};
    const setByOperator = this.#catalogue.state.versionPolicies !== undefined;
    return policyReport(type, choice, this.#choices.groundsOf(name), setByOperator);
  }

  policies(): PoliciesDocument {
    return this.#policies.document;
  }

  /**
   * @param policies in place of the configuration's; absent where these are to count again
   * @throws ExecutorRegistryError `invalid-request`, `precondition-failed` @throws StoreError
   */
  async setPolicies(
    policies: readonly Readonly<Record<string, unknown>>[] | undefined,
    what: { readonly reason: string; readonly type?: string | undefined },
    how: How,
  ): Promise<PolicyChange> {
    await this.#catchUp(how);
    return this.#policies.set(policies, what, how);
  }

  #type(name: string): CatalogueType {
    const type = this.#catalogue.type(name);
    if (type === undefined)
      throw new ExecutorRegistryError("unknown-type", `no image of executor type "${name}" is known`);
    return type;
  }

  /**
   * Takes in what other replicas have written. A decision that changes nothing, or is refused, is not put in order by the store: by what
   * this replica knew a moment ago, it would say of what was just pinned elsewhere that it is not pinned.
   */
  async #catchUp({ dryRun }: How): Promise<void> {
    if (!dryRun) await this.#catalogue.catchUp();
  }

  async #change(name: string, how: How, decide: Decide): Promise<SelectionOutcome> {
    await this.#catchUp(how);
    this.#type(name);
    let outcome: SelectionOutcome | undefined;
    const decideNow = (state: CatalogueState): Decision["changes"] => {
      const decided = this.#decide(state, name, how, decide);
      outcome = decided.outcome;
      return decided.changes;
    };
    if (how.dryRun) decideNow(this.#catalogue.state);
    else {
      const written = await this.#catalogue.record(how.actor, decideNow);
      await this.#served.settle();
      if (outcome !== undefined && written.length > 0) outcome = this.#asWritten(name, outcome, written);
    }
    if (outcome === undefined) throw new Error("a decision was not asked for");
    return outcome;
  }

  /** With the times and the numbers that the journal gave. */
  #asWritten(name: string, outcome: SelectionOutcome, written: readonly Entry<Change>[]): SelectionOutcome {
    const pin = this.pinOf(name);
    const denied = written.find(({ change }) => change.kind === "version-denied")?.sequence;
    const denial = this.#type(name).denials.find(({ id }) => id === denied);
    return { ...outcome, ...(pin && { pin }), ...(denial && { denial: denialDocument(denial) }) };
  }

  /** By the state alone: it is asked again when somebody else wrote first. */
  #decide(state: CatalogueState, name: string, how: How, decide: Decide) {
    const type = state.types.get(name) ?? this.#type(name);
    const grounds = this.#choices.groundsOf(name);
    const before = choose(type, grounds);
    const repeated = how.request !== undefined && type.requests?.includes(how.request) === true;
    // What it was bound to is what it has changed itself.
    if (!repeated && how.ifMatch !== undefined && how.ifMatch !== etagOf(type)) throw changedMeanwhile(type);
    const { changes, message } = repeated
      ? DONE_BEFORE
      : decide({ type, choice: before, grounds, now: this.#clock.now(), how });
    const after = changes.reduce((applied, one) => afterwards(applied, one, how.actor, this.#clock.now()), type);
    const chosen = choose(after, grounds);
    const pinned = pinnedOf(after, grounds);
    const differs =
      before.current?.image.digest !== chosen.current?.image.digest ||
      before.current?.image.repository.name !== chosen.current?.image.repository.name;
    const denial =
      after.denials.find((one) => !type.denials.includes(one)) ??
      type.denials.find((one) => !after.denials.includes(one));
    const outcome: SelectionOutcome = {
      type: name,
      outcome: changes.length > 0 ? "changed" : "unchanged",
      ...(how.dryRun && { dryRun: true }),
      message,
      ...(before.current && { before: versionRef(before.current) }),
      ...(chosen.current && { after: versionRef(chosen.current) }),
      affected: differs ? 1 : 0,
      ...(pinned && { pin: pinDocument(after, pinned, grounds) }),
      ...(denial && { denial: denialDocument(denial) }),
    };
    return { changes, outcome };
  }
}

/** What becomes of a request that came before; its answer is kept elsewhere, for as long as the service runs. */
const DONE_BEFORE: Decision = { changes: [], message: "this request was done before" };

const etagOf = ({ selected }: CatalogueType): string => `"s${selected}"`;

function changedMeanwhile({ type, selected }: CatalogueType): ExecutorRegistryError {
  const why = `what decides about ${type} has changed since it was read (it is at "s${selected}" now); look at its history, and ask again`;
  return new ExecutorRegistryError(SERVICE_ERRORS["precondition-failed"], why);
}

/** A type after a change that is not written down. */
function afterwards(
  type: CatalogueType,
  { reason, change }: Decision["changes"][number],
  actor: string,
  now: number,
): CatalogueType {
  const applied = { ...type };
  const at = new Date(now).toISOString();
  applySelection(applied, { sequence: type.selected + 1, at, actor, reason, change, previous: "", hash: "" });
  return applied;
}
