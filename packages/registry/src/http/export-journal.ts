import { JOURNAL_CSV_HEADER, journalCsvLine } from "@executor-registry/resolver/internal";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Answer } from "./operation.ts";

type Filter = Parameters<Catalogue["list"]>[0];
type Entries = Awaited<ReturnType<Catalogue["list"]>>["entries"];

/** How a whole journal can be written. */
export const EXPORTS = {
  ndjson: { mediaType: "application/x-ndjson", header: "", line: (entry: object) => `${JSON.stringify(entry)}\n` },
  csv: { mediaType: "text/csv; header=present", header: JOURNAL_CSV_HEADER, line: journalCsvLine },
} as const satisfies Record<
  string,
  { readonly mediaType: string; readonly header: string; line(entry: Entries[number]): string }
>;
export type ExportFormat = keyof typeof EXPORTS;

/** Entries that are in memory at the same time; fewer where they are large. */
const PAGE = 500;

/**
 * Every entry that matches and was written before the export began, oldest first, each verified as it is read. A journal that proves damaged on
 * the way ends the answer before its end.
 * @param limit how many at most
 */
export async function exportJournal(
  catalogue: Pick<Catalogue, "head" | "list">,
  format: ExportFormat,
  filter: Omit<Filter, "limit">,
  limit = Infinity,
): Promise<Answer<"lines">> {
  const { mediaType, header, line } = EXPORTS[format];
  const { before = catalogue.head.sequence + 1 } = filter;
  const page = (after: number, left: number) =>
    catalogue.list({ ...filter, before, after, limit: Math.min(PAGE, left) });
  // What is damaged at the start is a problem, not half an answer.
  const first = await page(filter.after ?? 0, limit);

  async function* lines(): AsyncGenerator<string> {
    let left = limit;
    for (let { entries, more } = first; ; { entries, more } = await page(entries.at(-1)?.sequence ?? before, left)) {
      const text = entries.map(line).join("");
      yield left === limit ? `${header}${text}` : text;
      left -= entries.length;
      if (!more || left === 0) return;
    }
  }
  return { kind: "lines", mediaType, name: `journal.${format}`, lines: lines() };
}

/** The format that an `Accept` header asks for first. */
export function acceptedExport(accept: string | undefined): ExportFormat | undefined {
  for (const range of (accept ?? "").toLowerCase().split(",")) {
    const type = range.split(";")[0]?.trim();
    if (type === "text/csv") return "csv";
    if (type === "application/x-ndjson" || type === "application/ndjson") return "ndjson";
    if (type === "application/json" || type === "*/*") return undefined;
  }
  return undefined;
}
