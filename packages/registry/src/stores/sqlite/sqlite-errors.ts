import { StoreError } from "../../journal/store-errors.ts";

/** SQLite's primary result codes that a person can do something about. See https://www.sqlite.org/rescode.html */
const BUSY = 5;
const PROBLEMS: Readonly<Record<number, { readonly problem: string; readonly retryable?: boolean }>> = {
  [BUSY]: { problem: "another process keeps it locked; one service may use a file, its replicas need a server" },
  6: { problem: "another connection keeps it locked" },
  8: { problem: "it is read-only; check the file's, the folder's and the volume's permissions" },
  10: { problem: "the disk failed to read or write; check the volume and the system's log" },
  11: { problem: "the file is damaged; restore it from a backup", retryable: false },
  13: { problem: "the disk is full; free some space" },
  14: { problem: "it cannot be opened; check that its folder exists and may be written" },
  26: { problem: "the file is no SQLite database", retryable: false },
};

/** What only happens to a file that something else has changed. SQLite's code for them is its general one. */
const ALTERED: readonly (readonly [RegExp, { readonly problem: string; readonly retryable: false }])[] = [
  [
    /no such (?:table|column)/,
    { problem: "a table is missing: something else has changed the file; restore it from a backup", retryable: false },
  ],
  [
    /malformed JSON/,
    {
      problem:
        "an entry is not JSON: the file is damaged, or something else has changed it; `executor-registry-server journal verify` names the entry",
      retryable: false,
    },
  ],
];

/** What a failed call to SQLite means. */
export function sqliteError(description: string, cause: unknown): StoreError {
  const code = resultCode(cause);
  const detail = cause instanceof Error ? cause.message : String(cause);
  const known = PROBLEMS[code] ?? ALTERED.find(([message]) => message.test(detail))?.[1];
  // Without a code it is not the engine that failed: the database is closed, or not ours.
  if (known === undefined) return new StoreError(description, detail, { cause, retryable: code !== 0 });
  const { problem, ...options } = known;
  return new StoreError(description, `${problem} (${detail})`, { ...options, cause });
}

/** Whether another process holds the lock. */
export const isBusy = (problem: unknown): boolean => resultCode(problem) === BUSY;

/** The primary code is the extended one's low byte. */
function resultCode(problem: unknown): number {
  const code = (problem as { readonly errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code & 0xff : 0;
}
