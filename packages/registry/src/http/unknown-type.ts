import { ExecutorRegistryError, UnknownTypeError } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { oneLine } from "../catalogue/one-line.ts";
import type { CatalogueImage } from "../catalogue/state.ts";
import type { SourceHealth } from "../sources/source-health.ts";

/** So many known types are named: whoever wants all asks for the list. */
const MOST_TYPES = 100;
const MOST_SENTENCES = 20;

/** What an answer "there is none" is based on. */
export interface Evidence {
  readonly catalogue: Catalogue;
  health(): readonly SourceHealth[];
}

/**
 * Says why a type cannot be resolved: it is not known, or it is known and none of its images may be used.
 * @returns an error of code `not-ready` while a source was not looked at yet, since the type may be there; else one that says
 *   whether the answer is definite: it is for a type whose images were withdrawn or are not admitted
 */
export function unknownType(type: string, { catalogue, health }: Evidence): ExecutorRegistryError {
  const sources = health();
  const view = catalogue.view(type);
  const refused = view === undefined ? [] : [...view.images("rejected"), ...view.images("pending")];
  const notYet = refused.length > 0 ? undefined : notLookedAt(sources);
  if (notYet !== undefined) return notReady(`whether there is an image of executor type "${type}"`, notYet);
  const { index } = catalogue.snapshot;
  // Of a type that it has images of, the service knows what became of them, whatever else could not be read.
  const incomplete = view === undefined ? unreadSentences(sources) : [];
  const known = {
    knownTypes: index.sorted.slice(0, MOST_TYPES),
    nearMisses: index.nearMisses(type),
    ...(incomplete.length > 0 && { incomplete }),
  };
  return new UnknownTypeError(type, known, whyNone(refused));
}

/** Which sources were not looked at yet, in words; `undefined` when all were. */
export function notLookedAt(sources: readonly SourceHealth[]): string | undefined {
  const names = sources.filter(({ state }) => state === "starting").map(({ name }) => name);
  if (names.length === 0) return undefined;
  const more = names.length > MOST_SENTENCES ? ` and ${names.length - MOST_SENTENCES} more` : "";
  return `${names.slice(0, MOST_SENTENCES).join(", ")}${more}`;
}

export const notReady = (what: string, sources: string): ExecutorRegistryError =>
  new ExecutorRegistryError(
    "not-ready",
    `${what} is not known before every source was looked at once; not looked at yet: ${sources}. Ask again in some seconds; /health shows how far it is`,
  );

/** What of the sources could not be read, a sentence each. */
function unreadSentences(sources: readonly SourceHealth[]): readonly string[] {
  return sources
    .flatMap(({ name, state, problem, unread = 0 }) => [
      ...(state === "failing"
        ? [`source ${name} could not be read completely${problem ? `: ${problem.message}` : ""}`]
        : []),
      ...(unread > 0 ? [`${unread} ${unread === 1 ? "tag" : "tags"} of source ${name} could not be read`] : []),
    ])
    .slice(0, MOST_SENTENCES)
    .map((sentence) => oneLine(sentence));
}

function whyNone(refused: readonly CatalogueImage[]): readonly string[] {
  const verdict = refused[0]?.verdicts.find(({ state }) => state !== "passed");
  if (verdict === undefined) return [];
  const count =
    refused.length === 1 ? "an image of it was found but is" : `${refused.length} images of it were found but are`;
  return [oneLine(`${count} not admitted: ${verdict.reason}`)];
}
