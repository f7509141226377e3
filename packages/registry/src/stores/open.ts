import { type Clock, ConfigurationError, systemClock } from "@executor-registry/resolver";
import { memoryStore } from "./memory.ts";
import type { Store } from "./store.ts";

/** Where a store is. */
type StorePlace = { readonly kind: "memory" } | { readonly kind: "sqlite"; readonly path: string };

/**
 * Opens the store that an address names: `memory:` or `sqlite:PATH`. The one place that chooses.
 * @throws ConfigurationError for an address of no store
 * @throws StoreError when it cannot be opened
 */
export async function openStore(address: string, clock: Clock = systemClock): Promise<Store> {
  const place = parseStoreAddress(address);
  if (place.kind === "memory") return memoryStore();
  const { sqliteStore } = await import("./sqlite.ts");
  return sqliteStore(place.path, clock);
}

/** @throws ConfigurationError for an address of no store */
export function parseStoreAddress(address: string): StorePlace {
  const [, scheme, rest] = /^([a-z]+):(.*)$/s.exec(address) ?? [];
  if (scheme === "memory" && rest === "") return { kind: "memory" };
  if (scheme === "sqlite" && rest) return { kind: "sqlite", path: rest };
  // The address itself may hold a password.
  const given = scheme === undefined ? "an address without a scheme" : `"${scheme}:" so`;
  throw new ConfigurationError(`no store is named by ${given}; there are "memory:" and "sqlite:PATH"`);
}
