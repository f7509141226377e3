import { type ErrorCode, ERRORS } from "@executor-registry/resolver";
import { AMBIGUOUS } from "./commands/resolve.ts";
import { CANCELLED, NOT_RUN } from "./commands/run.ts";

/** An exit code and what it means. */
export interface ExitCode {
  readonly code: number;
  readonly meaning: string;
}

/** Every exit code there is, from the table of errors and the commands' own. */
export function exitCodes(): readonly ExitCode[] {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const titles = new Map<number, string[]>();
  for (const code of codes) titles.set(ERRORS[code].exit, [...(titles.get(ERRORS[code].exit) ?? []), code]);
  const fromErrors = [...titles].map(([code, names]) => ({ code, meaning: names.join(", ") }));
  const usage = fromErrors.map((row) => (row.code === 2 ? { ...row, meaning: `wrong usage; ${row.meaning}` } : row));
  const checks = usage.map((row) =>
    row.code === 1 ? { ...row, meaning: `${row.meaning}; doctor: a check failed` } : row,
  );
  return [
    { code: 0, meaning: "success" },
    ...checks,
    { code: AMBIGUOUS, meaning: "resolve --strict: nothing tells which image is the newest" },
    { code: NOT_RUN, meaning: "run: the executor could not be run" },
    { code: CANCELLED, meaning: "interrupted; run: cancelled, and the Job deleted" },
  ].sort((a, b) => a.code - b.code);
}
