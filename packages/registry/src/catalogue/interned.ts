import type { Verdict } from "../model/verdict.ts";
import type { Claim } from "../model/change.ts";
import { boundedDetails, type Image, type ImageDetails } from "../model/image.ts";

/** At most this many different values are shared; what comes after is not shared. */
const MAX_INTERNED = 20_000;

function internTable<T>(keyOf: (value: T) => string): (value: T) => T {
  const table = new Map<string, T>();
  return (value) => {
    const key = keyOf(value);
    const shared = table.get(key);
    if (shared !== undefined) return shared;
    if (table.size < MAX_INTERNED) table.set(key, value);
    return value;
  };
}

const text = internTable<string>((value) => value);
const list = internTable<readonly unknown[]>((value) => JSON.stringify(value));

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
  /** A value that says where something is. */
  place: <T extends Pick<Claim, "source" | "repository">>(value: T): T => ({
    ...value,
    source: text(value.source),
    repository: text(value.repository),
  }),
  image: (value: Image): Image => ({
    ...value,
    repository: text(value.repository),
    ...(value.details === undefined ? {} : { details: details(value.details) }),
  }),
};
