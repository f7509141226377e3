import { type Repository, repositoryNamed } from "@executor-registry/resolver";
import type { Verdict } from "../model/verdict.ts";
import type { Claim } from "../model/change.ts";
import { boundedDetails, type Image, type ImageDetails, type ImageRecord } from "../model/image.ts";

/** At most this many different values are shared; what comes after is not shared. */
const MAX_INTERNED = 20_000;

function internTable<From, T>(keyOf: (from: From) => string, make: (from: From) => T): (from: From) => T {
  const table = new Map<string, T>();
  return (from) => {
    const key = keyOf(from);
    const shared = table.get(key);
    if (shared !== undefined) return shared;
    const value = make(from);
    if (table.size < MAX_INTERNED) table.set(key, value);
    return value;
  };
}

const itself = <T>(value: T): T => value;

const text = internTable<string, string>(itself, itself);
const repository = internTable<string, Repository>(itself, repositoryNamed);
const list = internTable<readonly unknown[], readonly unknown[]>((value) => JSON.stringify(value), itself);

const details = (value: ImageDetails): ImageDetails => {
  const kept = boundedDetails(value);
  return {
    ...kept,
    mediaType: text(kept.mediaType),
    ...(kept.configType !== undefined && { configType: text(kept.configType) }),
    platforms: list(kept.platforms) as ImageDetails["platforms"],
  };
};

/**
 * One object for equal values. Thousands of images share their repository, platforms and verdicts; read back from a journal, each
 * would have its own. Labels are shared by few: a build's revision is its own.
 */
export const interned = {
  text,
  verdicts: (value: readonly Verdict[]) => list(value) as readonly Verdict[],
  details,
  claim: (value: Claim): Claim => ({ ...value, source: text(value.source), repository: text(value.repository) }),
  /** The repository of a name. */
  repository,
  image: (value: ImageRecord): Image => ({
    ...value,
    repository: repository(value.repository),
    ...(value.details === undefined ? {} : { details: details(value.details) }),
  }),
};
