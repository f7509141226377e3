import { type Clock, ConfigurationError, systemClock } from "@executor-registry/resolver";
import type { Head } from "../journal/entry.ts";
import { memoryStore } from "./memory.ts";
import type { Store } from "../journal/store.ts";

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

/** What would keep a store from being opened on this machine, as far as looking shows; its lock may change any moment. */
export async function storeProblem(address: string): Promise<string | undefined> {
  const place = parseStoreAddress(address);
  if (place.kind === "memory") return undefined;
  const { sqliteProblem } = await import("./sqlite-problem.ts");
  return sqliteProblem(place.path);
}

/**
 * Reads all that a store holds, without changing it.
 * @returns its last entry
 * @throws BrokenJournalError naming the first entry that does not hold
 * @throws StoreError when it cannot be read
 * @throws ConfigurationError for a store that keeps nothing
 */
export async function verifyStore(address: string, signal?: AbortSignal): Promise<Head> {
  const place = parseStoreAddress(address);
  if (place.kind === "memory")
    throw new ConfigurationError(
      "a store in memory ends with its service, so it cannot be verified from outside; /health shows its journal",
    );
  const { verifySqlite } = await import("./sqlite-verify.ts");
  return verifySqlite(place.path, signal);
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
