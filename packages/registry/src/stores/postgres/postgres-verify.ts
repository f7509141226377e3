import { BrokenJournalError } from "../../journal/errors.ts";
import { parseEntry } from "../../journal/entry-text.ts";
import type { Entry, Head } from "../../journal/entry.ts";
import { StoreError } from "../../journal/store-errors.ts";
import { verifyJournal } from "../../journal/verification.ts";
import type { ReadingOptions, StoreContext } from "../store-kind.ts";
import type { StoreSettings } from "../store-settings.ts";
import { parsePostgresAddress } from "./postgres-address.ts";
import { connections as connect } from "./postgres-connections.ts";
import { inStoreErrors } from "./postgres-errors.ts";
import { columnsOf, COLUMNS, listRows } from "./postgres-list.ts";
import { usableVersion } from "./postgres-schema.ts";
import { quoted, restored } from "./postgres-text.ts";

/**
 * Reads all of a journal, which services may be using, and changes nothing: each entry of the chain, and that the columns which filters
 * look at have what the entry has.
 * @returns the last entry
 * @throws BrokenJournalError naming the first entry that does not hold
 * @throws StoreError
 */
export async function verifyPostgres(
  settings: StoreSettings,
  { clock }: StoreContext,
  options: ReadingOptions = {},
): Promise<Head> {
  const address = parsePostgresAddress(settings.address);
  const { description } = address;
  const ending = new AbortController();
  const connections = connect({ address, settings, closing: ending.signal }, clock);
  try {
    return await inStoreErrors(description, async () => {
      const version = await connections.steady((query) => usableVersion(query, address));
      if (version === undefined)
        throw new StoreError(description, `its schema ${address.schema} holds no journal`, { retryable: false });
      const altered = new Map<number, string>();
      const read = (after: number, limit: number): Promise<Entry[]> =>
        connections.steady(async (query) =>
          (await listRows(query, quoted(address.schema), { after, limit })).map((row) => {
            const entry = parseEntry(row.entry, row.sequence);
            const columns = columnsOf(entry);
            const wrong = COLUMNS.find((column) => row[column] !== columns[column]);
            if (wrong !== undefined) altered.set(entry.sequence, wrong);
            return entry;
          }),
        );
      // Entries are taken in order: what is named first comes first.
      const take = (entry: Entry): void | Promise<void> => {
        const column = altered.get(entry.sequence);
        if (column !== undefined)
          throw new BrokenJournalError(entry.sequence, `its column ${column} is not what the entry says`);
        return options.take?.(entry);
      };
      const head = await verifyJournal({ read }, undefined, { ...options, take });
      const cursors = await connections.steady((query) =>
        query<{ readonly name: string; readonly sequence: number }>(
          `SELECT name, sequence::float8 AS sequence FROM ${quoted(address.schema)}.cursors`,
        ),
      );
      await options.takeCursors?.(new Map(cursors.map(({ name, sequence }) => [restored(name), sequence])));
      return head;
    });
  } finally {
    ending.abort();
    await connections.close();
  }
}
