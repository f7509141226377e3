/**
 * What an event claims. A hint triggers a look at the registry; nothing it says is believed.
 * Only pushes, deletions, scans' and signatures' completions become hints: a `pull` would be our own reading.
 */
export interface Hint {
  readonly action: "pushed" | "deleted" | "scanned" | "signed";
  /** `host[:port]`, lower-cased, where the event says so; else the source that the event was sent to covers it by path alone. */
  readonly registry?: string;
  /** Path within the registry, lower-cased: `team/executor-ml`. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}
