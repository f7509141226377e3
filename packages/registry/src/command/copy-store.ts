import { ChainCheck, verifiedExport } from "@executor-registry/resolver/internal";
import { type CopyResult, JournalCopy } from "../stores/journal-copy.ts";
import { type StoreName, verifyStore } from "../stores/open.ts";
import type { ProcessIo } from "./process-io.ts";
import { addressOf } from "./verify-journal.ts";

type CopyIo = Pick<ProcessIo, "stdin" | "stdout" | "stderr" | "signal">;

/** Puts an exported journal into a store. @param file `-` is standard input */
export async function importExported(file: string, to: StoreName, io: CopyIo): Promise<void> {
  await copyInto(to, io, async (copy) => {
    const check = new ChainCheck([]);
    const source = file === "-" ? io.stdin : file;
    // An entry whose hash holds is one that was written.
    for await (const entry of verifiedExport(source, check, io.signal)) await copy.take(entry as Entry);
    return [copied(copy, await copy.end())];
  });
}

/** Copies the journal of a store, which services may be writing to, and how far it was delivered, into another. */
export async function migrateStore(from: StoreName, to: StoreName, io: CopyIo): Promise<void> {
  await copyInto(to, io, async (copy) => {
    let cursors: ReadonlyMap<string, number> = new Map();
    const head = await verifyStore(from, {
      signal: io.signal,
      take: (entry) => copy.take(entry),
      takeCursors: (found) => void (cursors = found),
    });
    const result = await copy.end();
    await copy.saveCursors(cursors);
    return [
      copied(copy, result),
      `how far forwarding and notifications have got was copied, of ${cursors.size}`,
      `it ends as ${addressOf(from)} ended when it was read, at entry ${head.sequence}`,
      `a service that still uses ${addressOf(from)} may write on there: stop it, and do this again, before one starts with ${copy.description}`,
    ];
  });
}

type Entry = Parameters<JournalCopy["take"]>[0];

/** Prints what a copy comes to; where it ends early, how far it came. */
async function copyInto(
  to: StoreName,
  { stdout, stderr }: Pick<ProcessIo, "stdout" | "stderr">,
  task: (copy: JournalCopy) => Promise<string[]>,
): Promise<void> {
  await using copy = await JournalCopy.into(to);
  const before = copy.head.sequence;
  try {
    stdout.print(await task(copy));
  } catch (error) {
    const { sequence } = copy.head;
    if (sequence > before)
      stderr.print(`${copy.description} has entries 1 to ${sequence} by now; the same command goes on there`);
    throw error;
  }
}

function copied({ description }: JournalCopy, { head, added }: CopyResult): string {
  if (head.sequence === 0) return `${description}: there are no entries`;
  const news = added === head.sequence ? "all were added" : `${added} were added`;
  return `${description}: entries 1 to ${head.sequence} are there; the last has hash ${head.hash}; ${news}`;
}
