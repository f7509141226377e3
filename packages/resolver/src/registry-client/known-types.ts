import type { ExecutorRegistryError } from "../errors.ts";
import type { ExecutorDocument } from "./executor-document.ts";

/** The service's list of all types, as far as it is known. */
export interface KnownTypes {
  /** As last listed. */
  documents: ReadonlyMap<string, ExecutorDocument> | undefined;
  etag: string | undefined;
  /** When the service last confirmed it, milliseconds since the epoch. */
  checked: number;
  /** Until when it counts without asking. */
  until: number;
  problem: ExecutorRegistryError | undefined;
  /** An event said that it changed. */
  outdated: boolean;
  flight: Promise<void> | undefined;
  again: boolean;
}

export function noKnownTypes(): KnownTypes {
  return {
    documents: undefined,
    etag: undefined,
    checked: 0,
    until: 0,
    problem: undefined,
    outdated: false,
    flight: undefined,
    again: false,
  };
}
