import {
  JOURNAL_CSV_HEADER,
  type JournalEntryDocument,
  journalCsvLine,
  printable,
  SERVICE_OPERATIONS,
  type ServiceClient,
} from "@executor-registry/resolver/internal";
import { jsonLine } from "../output/documents.ts";
import type { Printer } from "../output/printer.ts";

/** Which entries of the journal are meant. */
export type JournalFilter = Readonly<
  Record<"type" | "kind" | "actor" | "repository" | "digest" | "from" | "until", string | undefined>
>;

/** Entries that are asked for at once. */
const PAGE = 1000;

/** Every entry that matches, oldest first, page by page, until the journal ends. @param most @default all */
export async function* eachEntry(
  client: ServiceClient,
  filter: Partial<JournalFilter>,
  signal: AbortSignal,
  most = Infinity,
): AsyncGenerator<JournalEntryDocument> {
  for (let [after, left] = [0, most]; left > 0;) {
    const query = { ...filter, after, limit: Math.min(PAGE, left) };
    const { entries } = await client.ask(SERVICE_OPERATIONS.listJournal, {}, { query, signal });
    const last = entries.at(-1)?.sequence ?? 0;
    // An older service does not know `after`, and would start again for ever.
    if (last <= after) return;
    yield* entries;
    [after, left] = [last, left - entries.length];
  }
}

export const isExportFormat = (format: string): format is "ndjson" | "csv" => format === "ndjson" || format === "csv";

/** Prints entries as they come. What would steer a terminal is escaped in JSON, and replaced in CSV. */
export async function printExport(
  entries: AsyncIterable<JournalEntryDocument>,
  format: "ndjson" | "csv",
  { print, raw }: Printer,
): Promise<void> {
  const csv = format === "csv";
  if (csv) raw(JOURNAL_CSV_HEADER);
  for await (const entry of entries) {
    if (csv) raw(`${printable(journalCsvLine(entry).slice(0, -2))}\r\n`);
    else print(jsonLine(entry));
  }
}
