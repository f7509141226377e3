import {
  ChainCheck,
  type ChainedEntry,
  checkEntry,
  checkExport,
  escaped,
  findingsInWords,
  readPublicKeys,
} from "@executor-registry/resolver/internal";
import { type StoreName, verifyStore } from "../stores/open.ts";
import type { ProcessIo } from "./process-io.ts";

/** Characters that are shown of a text in an entry. */
const SHOWN = 200;

/** A store's address, for people. */
export const addressOf = (store: StoreName): string => (typeof store === "string" ? store : store.address);

/**
 * Checks a store's whole chain, and every checkpoint in it, and prints what was found.
 * @param keys files of public keys that checkpoints must be signed by
 * @throws ExecutorRegistryError code `broken-journal`, naming the first entry that does not hold, once that and its neighbours are printed
 */
export async function verifyStored(
  store: StoreName,
  keys: readonly string[],
  { stdout, signal }: Pick<ProcessIo, "stdout" | "signal">,
): Promise<void> {
  const check = new ChainCheck(await readPublicKeys(keys));
  let last: ChainedEntry | undefined;
  const broken = (found: readonly ChainedEntry[]): void => stdout.print(aroundBreak(addressOf(store), last, found));
  await verifyStore(store, {
    signal,
    take(entry) {
      try {
        checkEntry(entry, check);
      } catch (error) {
        broken([entry]);
        throw error;
      }
      last = entry;
    },
    broken,
  });
  stdout.print(findingsInWords(check, addressOf(store)));
}

/** @param found in the place of the first entry that does not hold, and after it */
function aroundBreak(what: string, last: ChainedEntry | undefined, found: readonly ChainedEntry[]): string[] {
  const sequence = (last?.sequence ?? 0) + 1;
  const there = found.find((entry) => entry.sequence === sequence);
  const after = found.find((entry) => entry.sequence > sequence);
  return [
    last === undefined
      ? `${what}: no entry holds`
      : `${what}: entries 1 to ${last.sequence} are as written; the last has hash ${last.hash}`,
    ...(last === undefined ? [] : [`before: ${shown(last)}`]),
    `broken: ${there === undefined ? `entry ${sequence} is missing, or cannot be read` : shown(there)}`,
    ...(after === undefined ? [] : [`after:  ${shown(after)}`]),
  ];
}

/** An entry in a line: what is the same for all, and of the change what it is and what it is about. */
function shown(entry: ChainedEntry): string {
  const { sequence, at, actor, reason, change, previous, hash } = entry as unknown as Readonly<Record<string, unknown>>;
  const { kind, type, repository, digest } = Object(change) as Readonly<Record<string, unknown>>;
  const members = { sequence, at, actor, reason, kind, type, repository, digest, previous, hash };
  return escaped(
    JSON.stringify(members, (_, value: unknown) =>
      typeof value === "string" && value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value,
    ),
  );
}

/** Checks a file of exported entries in the same way. @returns what was found, in sentences */
export async function verifyExported(file: string, keys: readonly string[], signal: AbortSignal): Promise<string[]> {
  const check = new ChainCheck(await readPublicKeys(keys));
  await checkExport(file, check, signal);
  return findingsInWords(check, file);
}
