import { type Clock, ConfigurationError, systemClock } from "@executor-registry/resolver";
import type { Head } from "../journal/entry.ts";
import type { VerificationOptions } from "../journal/verification.ts";
import type { Store } from "../journal/store.ts";
import { memoryKind } from "./memory.ts";
import { sqliteKind } from "./sqlite/kind.ts";
import type { StoreKind } from "./store-kind.ts";

/** The kinds of stores. A new one is added here, and has a file or folder of its own. */
const KINDS: readonly StoreKind[] = [memoryKind, sqliteKind];

/** How the address of each kind of store is written. */
export const STORE_ADDRESSES: readonly string[] = KINDS.map(({ form }) => form);

/**
 * Opens the store that an address names.
 * @throws ConfigurationError for an address of no store
 * @throws StoreError when it cannot be opened
 */
export async function openStore(address: string, clock: Clock = systemClock): Promise<Store> {
  const { kind, place } = parseStoreAddress(address);
  return kind.open(place, clock);
}

/** What would keep a store from being opened on this machine, as far as looking shows; its lock may change any moment. */
export async function storeProblem(address: string): Promise<string | undefined> {
  const { kind, place } = parseStoreAddress(address);
  return kind.problem(place);
}

/**
 * Reads all that a store holds, without changing it.
 * @param options.take is called with each entry that holds, in order
 * @returns its last entry
 * @throws BrokenJournalError naming the first entry that does not hold
 * @throws StoreError when it cannot be read
 * @throws ConfigurationError for a store that keeps nothing
 */
export async function verifyStore(address: string, options?: VerificationOptions): Promise<Head> {
  const { kind, place } = parseStoreAddress(address);
  return kind.verify(place, options);
}

/** @throws ConfigurationError for an address of no store */
export function parseStoreAddress(address: string): { readonly kind: StoreKind; readonly place: string } {
  const [, scheme, place = ""] = /^([a-z]+):(.*)$/s.exec(address) ?? [];
  const kind = KINDS.find((one) => one.scheme === scheme);
  if (kind?.accepts(place)) return { kind, place };
  // The address itself may hold a password.
  const given = scheme === undefined ? "an address without a scheme" : `"${scheme}:" so`;
  const known = STORE_ADDRESSES.map((form) => `"${form}"`).join(" and ");
  throw new ConfigurationError(`no store is named by ${given}; there are ${known}`);
}
