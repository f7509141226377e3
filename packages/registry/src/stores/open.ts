import { type Clock, ConfigurationError, systemClock } from "@executor-registry/resolver";
import { memoryStore } from "./memory.ts";
import type { Store } from "./store.ts";

/**
 * Opens the store that an address names: `memory:` or `sqlite:PATH`. The one place that chooses.
 * @throws ConfigurationError for an address of no store
 * @throws StoreError when it cannot be opened
 */
export async function openStore(address: string, clock: Clock = systemClock): Promise<Store> {
  const [, scheme, rest] = /^([a-z]+):(.*)$/s.exec(address) ?? [];
  if (scheme === "memory" && rest === "") return memoryStore();
  if (scheme === "sqlite" && rest) {
    const { sqliteStore } = await import("./sqlite.ts");
    return sqliteStore(rest, clock);
  }
  // The address itself may hold a password.
  const given = scheme === undefined ? "an address without a scheme" : `"${scheme}:" so`;
  throw new ConfigurationError(`no store is named by ${given}; there are "memory:" and "sqlite:PATH"`);
}
