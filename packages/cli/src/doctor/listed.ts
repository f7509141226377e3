const MOST = 5;

/** Names in a sentence, the first few of many. */
export function listed(names: readonly string[]): string {
  const more = names.length - MOST;
  return names.slice(0, MOST).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
