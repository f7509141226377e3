import type { Verdict } from "../checks/check.ts";
import type { Claim } from "./change.ts";
import type { Image, ImageDetails } from "./image.ts";

/** At most this many different values are shared; what comes after is merely not shared. */
const MOST = 20_000;

function internTable<T>(keyOf: (value: T) => string): (value: T) => T {
  const table = new Map<string, T>();
  return (value) => {
    const key = keyOf(value);
    const shared = table.get(key);
    if (shared !== undefined) return shared;
    if (table.size < MOST) table.set(key, value);
    return value;
  };
}

const text = internTable<string>((value) => value);
const verdicts = internTable<readonly Verdict[]>((value) => JSON.stringify(value));
const platforms = internTable<ImageDetails["platforms"]>((value) => JSON.stringify(value));
const labels = internTable<ImageDetails["labels"]>((value) => JSON.stringify(value));

const details = (value: ImageDetails): ImageDetails => ({
  ...value,
  mediaType: text(value.mediaType),
  platforms: platforms(value.platforms),
  labels: labels(value.labels),
});

/**
 * One object for equal values. Thousands of images share their repository, platforms, labels and verdicts;
 * read back from a journal, each would have its own.
 */
export const interned = {
  text,
  verdicts,
  details,
  claim: (value: Claim): Claim => ({ source: text(value.source), repository: text(value.repository) }),
  image: (value: Image): Image => ({
    ...value,
    repository: text(value.repository),
    ...(value.details === undefined ? {} : { details: details(value.details) }),
  }),
};
