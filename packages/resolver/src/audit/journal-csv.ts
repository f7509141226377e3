/** An entry of a journal, as far as columns of its own show it. */
interface JournalLine {
  readonly sequence: number;
  readonly at: string;
  readonly actor: string;
  readonly reason: string;
  readonly change: {
    readonly kind: string;
    readonly type?: string | undefined;
    readonly repository?: unknown;
    readonly digest?: string | undefined;
  };
  readonly previous: string;
  readonly hash: string;
}

/** The first line of a journal in CSV. */
export const JOURNAL_CSV_HEADER = "sequence,at,actor,kind,type,repository,digest,reason,previous,hash,change\r\n";

/**
 * An entry as a line of CSV. Every text is quoted, and one that a spreadsheet would take for a formula begins with an apostrophe: labels of
 * images and names of users are foreign. `change` holds all members of the change, as JSON.
 * @see https://www.rfc-editor.org/rfc/rfc4180
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function journalCsvLine({ sequence, at, actor, reason, change, previous, hash }: JournalLine): string {
  const { kind, type = "", digest = "", repository } = change;
  const place = typeof repository === "string" ? repository : "";
  const texts = [at, actor, kind, type, place, digest, reason, previous, hash, JSON.stringify(change)];
  return `${[String(sequence), ...texts.map(cell)].join(",")}\r\n`;
}

/** Spreadsheets look for a formula behind blanks too, and take full-width signs for ordinary ones. */
const FORMULA = /^\s*[=+\-@\t\r\n＝＋－＠]/;

const cell = (text: string): string => `"${FORMULA.test(text) ? "'" : ""}${text.replaceAll('"', '""')}"`;
