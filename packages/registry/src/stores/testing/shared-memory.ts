import { type Clock, systemClock } from "@executor-registry/resolver";
import type { Store } from "../../journal/store.ts";
import { memoryStore } from "../memory.ts";

/** A store in this process that several journals of it may use at once, as services use a server. */
export function sharedMemoryStore(clock: Clock = systemClock): Store {
  const store = memoryStore();
  const watchers = new Set<() => void>();
  const leases = new Map<string, { readonly holder: string; readonly note: string; readonly until: number }>();
  return {
    ...store,
    async append(expected, entries) {
      await store.append(expected, entries);
      for (const wake of watchers) wake();
    },
    sharing: {
      pollMs: 500,
      watch(wake) {
        // Two may watch with the same function.
        const watcher = (): void => wake();
        watchers.add(watcher);
        return () => watchers.delete(watcher);
      },
      async lease(name, holder, ms, note) {
        const held = leases.get(name);
        if (held !== undefined && held.holder !== holder && held.until > clock.now()) {
          return { holder: held.holder, note: held.note };
        }
        leases.set(name, { holder, note, until: clock.now() + ms });
        return { holder, note };
      },
      async release(name, holder) {
        const held = leases.get(name);
        if (held?.holder === holder) leases.set(name, { ...held, until: -Infinity });
      },
    },
  };
}
