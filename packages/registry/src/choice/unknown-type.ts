import { ExecutorRegistryError, UnknownTypeError } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Choices } from "./choices.ts";
import type { Naming } from "../model/naming.ts";
import { oneLine } from "../model/one-line.ts";
import type { CatalogueImage } from "../catalogue/state.ts";
import type { SourceHealth } from "../sources/image-source.ts";

/** So many known types are named: the list has all. */
const MAX_TYPES = 100;
const MAX_SENTENCES = 20;
/** Unread tags that are looked through for those of the type; the question is to stay cheap. */
const MAX_UNREAD = 500;

/** What the answer that a type is unknown is based on, besides the catalogue. */
export interface Evidence {
  /** Of the sources, in the configuration's order. */
  health(): readonly SourceHealth[];
  /** Of which types a tag is that could not be read. */
  readonly typesOf: Naming["typesOf"];
}

/**
 * Says why a type cannot be resolved: it is not known, or it is known and none of its images may be used.
 * @returns an error of code `not-ready` while a source was not looked at yet, since the type may be there; else one that says
 *   whether the answer is definite: it is for a type whose images were withdrawn or are not admitted
 */
export function unknownType(type: string, choices: Choices, evidence: Evidence): ExecutorRegistryError {
  const sources = evidence.health();
  const view = choices.view(type);
  const refused = view === undefined ? [] : [...view.images("rejected"), ...view.images("pending")];
  const notYet = refused.length > 0 ? undefined : notLookedAt(sources);
  if (notYet !== undefined) return notReady(`whether there is an image of executor type "${type}"`, notYet);
  const { index } = choices.snapshot;
  // Of a type that it has images of, the service knows what became of them, whatever else could not be read.
  const incomplete =
    view === undefined
      ? [...unreadOf(type, choices.catalogue, evidence), ...unreadSentences(sources)].slice(0, MAX_SENTENCES)
      : [];
  const known = {
    knownTypes: index.sorted.slice(0, MAX_TYPES),
    nearMisses: index.nearMisses(type),
    ...(incomplete.length > 0 && { incomplete }),
  };
  if (view?.refused !== undefined) {
    const why = `executor type "${type}" is refused: ${view.refused.why}`;
    return new UnknownTypeError(type, { ...known, why });
  }
  return new UnknownTypeError(type, known, whyNone(refused));
}

/** Which sources were not looked at yet, as text; `undefined` when all were. */
export function notLookedAt(sources: readonly SourceHealth[]): string | undefined {
  const names = sources.filter(({ state }) => state === "starting").map(({ name }) => name);
  if (names.length === 0) return undefined;
  const more = names.length > MAX_SENTENCES ? ` and ${names.length - MAX_SENTENCES} more` : "";
  return `${names.slice(0, MAX_SENTENCES).join(", ")}${more}`;
}

export const notReady = (what: string, sources: string): ExecutorRegistryError =>
  new ExecutorRegistryError(
    "not-ready",
    `${what} is not known before every source was looked at once; not looked at yet: ${sources}. Ask again in some seconds; /health shows how far it is`,
  );

/** The type's own tags that could not be read: an image of it may be behind one of them. */
function unreadOf(type: string, catalogue: Catalogue, { typesOf }: Evidence): readonly string[] {
  const found: string[] = [];
  let looked = 0;
  for (const { repository, unread } of catalogue.unread) {
    for (const { tag, reason } of unread) {
      looked += 1;
      if (looked > MAX_UNREAD || found.length === MAX_SENTENCES) return found;
      if (typesOf(repository.path, tag).includes(type)) found.push(oneLine(`tag ${tag} could not be read: ${reason}`));
    }
  }
  return found;
}

/** What of the sources could not be read, a sentence each. */
function unreadSentences(sources: readonly SourceHealth[]): readonly string[] {
  return sources
    .flatMap(({ name, state, problem, unread = 0 }) => [
      ...(state === "failing"
        ? [`source ${name} could not be read completely${problem ? `: ${problem.message}` : ""}`]
        : []),
      ...(unread > 0 ? [`${unread} ${unread === 1 ? "tag" : "tags"} of source ${name} could not be read`] : []),
    ])
    .map((sentence) => oneLine(sentence));
}

function whyNone(refused: readonly CatalogueImage[]): readonly string[] {
  const verdict = refused[0]?.verdicts.find(({ state }) => state !== "passed");
  if (verdict === undefined) return [];
  const count =
    refused.length === 1 ? "an image of it was found but is" : `${refused.length} images of it were found but are`;
  return [oneLine(`${count} not admitted: ${verdict.reason}`)];
}
