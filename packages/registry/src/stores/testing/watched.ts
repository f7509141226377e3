import assert from "node:assert/strict";
import { systemClock } from "@executor-registry/resolver";
import type { Store } from "../../journal/store.ts";

/** What a store announces to one who watches. */
export interface Watched {
  /** How often it did. */
  readonly count: number;
  /** Resolves once it announces at all, which lets it be asked less often. */
  announced(): Promise<void>;
  /** Resolves once it has announced something since the last call. */
  woken(): Promise<void>;
}

export function watchOf({ sharing }: Store): Watched {
  assert.ok(sharing);
  const often = sharing.pollMs;
  let count = 0;
  let seen = 0;
  sharing.watch(() => (count += 1));
  return {
    get count() {
      return count;
    },
    async announced() {
      await until(() => sharing.pollMs !== often);
      seen = count;
    },
    async woken() {
      await until(() => count !== seen);
      seen = count;
    },
  };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await systemClock.sleep(1);
}
