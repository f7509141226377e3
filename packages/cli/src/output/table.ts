/** Spaces between columns, as kubectl prints them. */
const GAP = "   ";

/** The lines of a table, its columns as wide as their widest cell. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [headers, ...rows];
  const widths = headers.map((_, column) =>
    all.reduce((widest, row) => Math.max(widest, (row[column] ?? "").length), 0),
  );
  return all.map((row) => tableLine(row, widths));
}

/** One line, its cells at least as wide as asked for. */
export function tableLine(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  return padded.join(GAP).trimEnd();
}
