import {
  ChainCheck,
  checkEntry,
  checkExport,
  findingsInWords,
  readPublicKeys,
} from "@executor-registry/resolver/internal";
import { type StoreName, verifyStore } from "../stores/open.ts";

/**
 * Checks a store's whole chain, and every checkpoint in it.
 * @param keys files of public keys that checkpoints must be signed by
 * @returns what was found, in sentences
 * @throws ExecutorRegistryError code `broken-journal`, naming the first entry that does not hold
 */
export async function verifyStored(store: StoreName, keys: readonly string[], signal: AbortSignal): Promise<string[]> {
  const check = new ChainCheck(await readPublicKeys(keys));
  await verifyStore(store, { signal, take: (entry) => checkEntry(entry, check) });
  return findingsInWords(check, typeof store === "string" ? store : store.address);
}

/** Checks a file of exported entries in the same way. */
export async function verifyExported(file: string, keys: readonly string[], signal: AbortSignal): Promise<string[]> {
  const check = new ChainCheck(await readPublicKeys(keys));
  await checkExport(file, check, signal);
  return findingsInWords(check, file);
}
