const LISTED_NAMES = 5;

/** Names in a sentence, the first few of many. */
export function listed(names: readonly string[]): string {
  const more = names.length - LISTED_NAMES;
  return names.slice(0, LISTED_NAMES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
