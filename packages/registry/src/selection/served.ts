import { ExecutorRegistryError } from "@executor-registry/resolver";
import type { Logger } from "pino";
import type { Reasoned } from "../catalogue/reconcile.ts";
import type { CatalogueImage, CatalogueState, CatalogueType, Revision } from "../catalogue/state.ts";
import { CATALOGUE } from "../choice/answers.ts";
import type { Current } from "../choice/current.ts";
import type { Choices } from "../choice/choices.ts";
import { contextOf, type Grounds } from "../choice/rules.ts";
import { denialIndex } from "../policies/denials.ts";
import { problemFields } from "../logs/problem-fields.ts";

/** Writes down which version each type is answered with, whenever that changes: the history that a rollback goes back in. */
export class ServedVersions {
  readonly #choices: Choices;
  readonly #log: Logger;
  readonly #changed: Set<string>;
  #last: Promise<void> = Promise.resolve();

  /** @param leading whether changes are written down here by themselves; another replica does so else. @default always */
  constructor(choices: Choices, log: Logger, leading: () => boolean = () => true) {
    this.#choices = choices;
    this.#log = log;
    const { catalogue } = choices;
    // What changed while the service was down, or was not written down before it ended.
    this.#changed = new Set([...catalogue.types()].map(({ type }) => type));
    choices.onChosen((type) => {
      this.#changed.add(type);
      if (leading()) void this.settle();
    });
  }

  /** Resolves once all that was chosen by now is written down, or cannot be: it is tried again with the next change. */
  settle(): Promise<void> {
    this.#last = this.#last.then(() => this.#write());
    return this.#last;
  }

  async #write(): Promise<void> {
    if (this.#changed.size === 0) return;
    const types = [...this.#changed];
    this.#changed.clear();
    const { catalogue } = this.#choices;
    try {
      await catalogue.record("system", (state) => types.flatMap((name) => this.#change(state, name)));
    } catch (problem) {
      for (const type of types) this.#changed.add(type);
      if (problem instanceof ExecutorRegistryError && problem.code === "closed") return;
      this.#log.warn(problemFields(problem), "which version types are answered with could not be written down");
    }
  }

  /** The change that keeps what a type is answered with; none where that is kept already. */
  #change(state: CatalogueState, name: string): readonly Reasoned[] {
    const type = state.types.get(name);
    if (type === undefined || this.#isKept(type)) return [];
    const current = this.#choices.view(name)?.choice.current;
    return current === undefined
      ? []
      : [servedChange(type, current, this.#choices.groundsOf(name), state.versionPolicies?.by)];
  }

  /** By the answer, which is there already: a start asks this of every type, and must not choose for them again. */
  #isKept({ type, revisions }: CatalogueType): boolean {
    const document = this.#choices.answers.find(CATALOGUE, type);
    if (document === undefined) return true;
    const last = revisions.at(-1);
    return (
      last !== undefined &&
      document.image === `${last.repository}@${last.digest}` &&
      last.rules === this.#choices.groundsOf(type).rules.versions.fingerprint &&
      ((last.nowDecidedBy ?? last.decidedBy) === "pin") === (document.decidedBy === "pin")
    );
  }
}

/** @param policiesBy who set the version policies, where an operator did */
function servedChange(type: CatalogueType, current: Current, grounds: Grounds, policiesBy?: string): Reasoned {
  const { image, version, decidedBy, pin } = current;
  const { digest } = image;
  const { name: repository } = image.repository;
  const { versions: rules } = grounds.rules;
  const before = type.revisions.at(-1);
  const same = before?.digest === digest && before.repository === repository;
  // Another policy that chooses the same, or a pin of what is served, is no other version.
  const revision = (before?.revision ?? 0) + (same ? 0 : 1);
  const setBy = before === undefined || before.rules === rules.fingerprint ? undefined : policiesBy;
  const by = pin?.by ?? type.unpinnedBy ?? denierOf(type, before) ?? allowerOf(type, image) ?? setBy;
  const served = { version, revision, decidedBy, rules: rules.fingerprint, ...(by !== undefined && { by }) };
  const change = { kind: "version-served" as const, type: type.type, repository, digest, ...served };
  const reason = same ? `the same version, of another reason: ${current.reason}` : direction(type, current, grounds);
  return { reason, change };
}

/** Who denied what was served before; nobody where only the configuration does. */
function denierOf(type: CatalogueType, before: Revision | undefined): string | undefined {
  const image = before && type.images.get(before.repository, before.digest);
  return image && denialIndex(type.denials).of(image)?.by;
}

/** Who took back what had kept an image out. */
const allowerOf = ({ allowed }: CatalogueType, image: CatalogueImage): string | undefined =>
  allowed && denialIndex([allowed]).of(image) && allowed.by;

/** Why the version is another one; that it is lower is said. */
function direction(type: CatalogueType, { image, version, reason }: Current, grounds: Grounds): string {
  const before = type.revisions.at(-1);
  if (before === undefined) return reason;
  const last =
    before.repository === image.repository.name ? type.images.get(before.repository, before.digest) : undefined;
  const order =
    last &&
    grounds.rules.versions.compare(
      { image, tag: version },
      { image: last, tag: before.version },
      contextOf(type, before.repository, grounds),
    );
  return `${order !== undefined && order < 0 ? `goes down from ${before.version}` : `instead of ${before.version}`}: ${reason}`;
}
