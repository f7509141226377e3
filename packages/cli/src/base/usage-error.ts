import { nearMisses } from "@executor-registry/resolver";

/** The command line cannot be understood. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** The command whose usage is worth showing. */
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.command = command;
  }
}

/** “; did you mean …?”, where known words begin with this one or are close to it. */
export function suggestion(word: string, known: readonly string[]): string {
  const begun = word === "" ? [] : known.filter((candidate) => candidate.startsWith(word));
  const close = begun.length > 0 ? begun : nearMisses(word, known);
  return close.length > 0 ? `; did you mean ${close.join(" or ")}?` : "";
}
