import { type Clock, ConfigurationError, type Logger, silentLogger, systemClock } from "@executor-registry/resolver";
import type { Head } from "../journal/entry.ts";
import type { Store } from "../journal/store.ts";
import { memoryKind } from "./memory.ts";
import { postgresKind } from "./postgres/kind.ts";
import { redisKind } from "./redis/kind.ts";
import { sqliteKind } from "./sqlite/kind.ts";
import type { ReadingOptions, StoreContext, StoreKind } from "./store-kind.ts";
import type { StoreSettings } from "./store-settings.ts";

/** The kinds of stores. A new one is added here, and has a file or folder of its own. */
const KINDS: readonly StoreKind[] = [memoryKind, sqliteKind, postgresKind, redisKind];

/** How the addresses of each kind of store are written. */
export const STORE_ADDRESSES: readonly string[] = KINDS.flatMap(({ forms }) => forms);

/** An address alone, or with more settings. */
export type StoreName = string | StoreSettings;

/** What a store works with, where that is not the machine's own clock, and no log. */
interface OpenOptions {
  readonly clock?: Clock;
  readonly log?: Logger;
}

const settingsOf = (store: StoreName): StoreSettings => (typeof store === "string" ? { address: store } : store);

const contextOf = ({ clock = systemClock, log = silentLogger }: OpenOptions): StoreContext => ({ clock, log });

/**
 * Opens the store that is named.
 * @throws ConfigurationError for an address of no store
 * @throws StoreError when it cannot be opened
 */
export async function openStore(store: StoreName, options: OpenOptions = {}): Promise<Store> {
  const settings = settingsOf(store);
  return storeKindOf(settings).open(settings, contextOf(options));
}

/** What would keep a store from being opened, as far as looking on this machine shows; it may change any moment. */
export async function storeProblem(store: StoreName): Promise<string | undefined> {
  const settings = settingsOf(store);
  return storeKindOf(settings).problem(settings);
}

/**
 * Reads all that a store holds, without changing it.
 * @param options.take is called with each entry that holds, in order
 * @returns its last entry
 * @throws BrokenJournalError naming the first entry that does not hold
 * @throws StoreError when it cannot be read
 * @throws ConfigurationError for a store that keeps nothing
 */
export async function verifyStore(store: StoreName, options: ReadingOptions & OpenOptions = {}): Promise<Head> {
  const settings = settingsOf(store);
  return storeKindOf(settings).verify(settings, contextOf(options), options);
}

/** @throws ConfigurationError for an address of no store, and for settings that its kind does not take */
export function storeKindOf(store: StoreName): StoreKind {
  const { address, ...others } = settingsOf(store);
  const [, scheme] = /^([a-z]+):/.exec(address) ?? [];
  const kind = KINDS.find(({ schemes }) => scheme !== undefined && schemes.includes(scheme));
  if (!kind?.accepts(address)) {
    // The address itself may hold a password.
    const given = scheme === undefined ? "an address without a scheme" : `"${scheme}:" so`;
    const known = STORE_ADDRESSES.map((form) => `"${form}"`)
      .join(", ")
      .replace(/, ([^,]*)$/, " and $1");
    throw new ConfigurationError(`no store is named by ${given}; there are ${known}`);
  }
  for (const [name, value] of Object.entries(others)) {
    if (value !== undefined && !kind.takes.some((one) => one === name))
      throw new ConfigurationError(`a store "${scheme}:" takes no \`${name}\``);
  }
  if (others.direct !== undefined && storeKindOf(others.direct) !== kind)
    throw new ConfigurationError(`a store "${scheme}:" has a \`direct\` address of another kind`);
  return kind;
}
