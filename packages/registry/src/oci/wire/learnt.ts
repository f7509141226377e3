import type { Clock } from "@executor-registry/resolver";
import { steady } from "../../net/steady.ts";

/** Milliseconds after which a host may have been upgraded, and a firewall's mistake is over. */
const REMEMBERED_MS = 3600_000;

/** What one registry turned out not to offer. Forgotten after an hour, and when what was done instead fails too. */
export interface Learnt {
  /** HEAD of a manifest brings nothing, GET does. */
  headless: boolean;
  /** It ignores the size that is asked for, and lists everything at once. */
  unpaged: boolean;
  /** The page size that it grants, of tags and of repositories; `undefined` where it refuses every size. */
  readonly pageSizes: Map<"repository" | "catalog", number | undefined>;
}

export function createLearnt(clock: Clock): Learnt {
  const now = steady(clock);
  const noted = new Map<string, number>();
  const holds = (what: string): boolean => now() - (noted.get(what) ?? -Infinity) < REMEMBERED_MS;
  const note = (what: string, so: boolean): void =>
    void (so ? holds(what) || noted.set(what, now()) : noted.delete(what));
  return {
    get headless() {
      return holds("headless");
    },
    set headless(so) {
      note("headless", so);
    },
    get unpaged() {
      return holds("unpaged");
    },
    set unpaged(so) {
      note("unpaged", so);
    },
    pageSizes: new Map(),
  };
}
