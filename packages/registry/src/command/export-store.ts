import { ChainCheck, checkEntry, escaped, findingsInWords, readPublicKeys } from "@executor-registry/resolver/internal";
import { type StoreName, verifyStore } from "../stores/open.ts";
import type { ProcessIo } from "./process-io.ts";
import { addressOf } from "./verify-journal.ts";
import { writeWhole } from "./whole-file.ts";

/** Characters that are written at once. */
const WRITTEN_AT_ONCE = 64 << 10;

interface ExportOptions {
  /** Files of public keys that checkpoints must be signed by. */
  readonly keys: readonly string[];
  /** A file instead of standard output. */
  readonly output?: string | undefined;
  /** Replaces a file that is there. */
  readonly force: boolean;
}

/**
 * Writes a store's journal, an entry a line, each once it holds.
 * @throws ExecutorRegistryError code `broken-journal`, naming the first entry that does not hold; then no file is there
 */
export async function exportStored(
  store: StoreName,
  { keys, output, force }: ExportOptions,
  io: Pick<ProcessIo, "stdout" | "stderr" | "signal">,
): Promise<void> {
  const publicKeys = await readPublicKeys(keys);
  const write = async (append: (lines: readonly string[]) => Promise<void>): Promise<string[]> => {
    const check = new ChainCheck(publicKeys);
    let [lines, characters]: [string[], number] = [[], 0];
    const flush = async (): Promise<void> => {
      const written = lines;
      [lines, characters] = [[], 0];
      if (written.length > 0) await append(written);
    };
    await verifyStore(store, {
      signal: io.signal,
      take(entry) {
        checkEntry(entry, check);
        // The same JSON, which steers no terminal.
        const line = escaped(JSON.stringify(entry));
        lines.push(line);
        characters += line.length;
        return characters < WRITTEN_AT_ONCE ? undefined : flush();
      },
    });
    await flush();
    return findingsInWords(check, addressOf(store));
  };
  if (output === undefined) {
    const found = await write(async (lines) => {
      io.stdout.print(lines);
      await io.stdout.drained();
    });
    io.stderr.print(found);
  } else {
    io.stdout.print(await writeWhole(output, force, (append) => write((lines) => append(`${lines.join("\n")}\n`))));
  }
}
