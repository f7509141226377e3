import type { Finding, SourceName } from "../contract/resolution.ts";
import type { SourceStatus } from "../contract/resolver.ts";

/** A place where images are found. It lists and watches; it never judges. Reads touch memory only. */
export interface Source {
  readonly name: SourceName;
  /** Settles, never rejects, once the state is `ready` or `unavailable`. The source has been trying since it was made. */
  readonly settled: Promise<unknown>;
  /** Its state; with a type, as far as its answer for that type goes, or the lack of one. */
  status(type?: string): SourceStatus;
  /** What it knows of a type, or nothing. The same object until something changes. */
  find(type: string): Finding | undefined;
  /** The types it knows, in no order. */
  types(): Iterable<string>;
  /**
   * Calls back after a change, with the type it concerns, or without one when it may concern all
   * (also when the status changed). Returns how to stop it.
   */
  onChange(listener: (type?: string) => void): () => void;
  /** What it left out and a person should know, one sentence each: all of it, or what concerns one type. */
  notes?(type?: string): readonly string[];
  /** Ends all it started. */
  close(): Promise<void>;
}
