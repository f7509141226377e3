import { ERRORS } from "@executor-registry/resolver";
import { WRONG_USAGE } from "./failure.ts";
import { INTERRUPTED } from "@executor-registry/resolver/internal";

/** The exit code of a scan that could not read everything. */
export const INCOMPLETE = ERRORS.unreachable.exit;

/** The exit code of an answer that is a guess, where guesses are not wanted. */
export const AMBIGUOUS = 6;

/** The exit code of an explanation of what is not the current version, and of a test that an image does not pass. */
export const NOT_CURRENT = 7;

/** The exit code of a run without an executor's own, as `docker run` has it. */
export const NOT_RUN = 125;

/** An exit code and what it means. */
export interface ExitCode {
  readonly code: number;
  readonly meanings: readonly string[];
}

/** What commands end with that is no error of the table. */
const OWN: readonly (readonly [number, string])[] = [
  [0, "done"],
  [1, "doctor: a check failed"],
  [WRONG_USAGE, "wrong usage"],
  [INCOMPLETE, "refresh --wait: a source could not be read completely"],
  [AMBIGUOUS, "resolve --strict: nothing shows which image is the newest"],
  [
    NOT_CURRENT,
    "why: it is not the current version; policy test: the image would not be admitted, or the type would have no version",
  ],
  [NOT_RUN, "run: the executor could not be run"],
  [INTERRUPTED.SIGINT, "interrupted (Ctrl-C); run: the Job is deleted"],
  [INTERRUPTED.SIGPIPE, "the reader of the output went away; run: the Job is deleted"],
  [INTERRUPTED.SIGTERM, "terminated; run: the Job is deleted"],
];

/** Every exit code there is: the commands' own, and those of the table of errors. */
export function exitCodes(): readonly ExitCode[] {
  const meanings = new Map<number, string[]>();
  const errors = Object.values(ERRORS).map(({ exit, title }) => [exit, title] as const);
  for (const [code, meaning] of [...OWN, ...errors]) meanings.set(code, [...(meanings.get(code) ?? []), meaning]);
  return [...meanings].map(([code, meanings]) => ({ code, meanings })).sort((a, b) => a.code - b.code);
}
