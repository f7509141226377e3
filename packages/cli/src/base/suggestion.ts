import { nearMisses } from "@executor-registry/resolver";

/** “; did you mean …?”, where known words begin with this one or are close to it. */
export function suggestion(word: string, known: readonly string[]): string {
  const begun = word === "" ? [] : known.filter((candidate) => candidate.startsWith(word));
  const close = begun.length > 0 ? begun : nearMisses(word, known);
  return close.length > 0 ? `; did you mean ${close.join(" or ")}?` : "";
}
