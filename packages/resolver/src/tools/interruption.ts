import { once } from "node:events";
import type { Clock } from "./clock.ts";

/** What a command needs to end in time. */
interface Ending {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly stderr: { print(line: string): void };
}

/** Why a command has to end before its end, as the reason of its signal. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** What a shell reports of a process that this ended: 128 and the signal's number. */
  readonly exit: number;

  constructor(message: string, exit: number) {
    super(message);
    this.exit = exit;
  }
}

/** Exit codes of commands that were interrupted. */
export const INTERRUPTED = { SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;

/** The exit code of a command whose signal aborted. */
export function interruptedExit({ reason }: AbortSignal): number {
  return reason instanceof Interruption ? reason.exit : INTERRUPTED.SIGINT;
}

/** Milliseconds that a command may take to end after its interruption. */
const END_MS = 2000;

/** A command's exit code; that of its interruption where it does not end soon. */
export async function endingInTime(
  work: Promise<number>,
  { signal, clock, stderr }: Ending,
  limitMs = END_MS,
): Promise<number> {
  const done = new AbortController();
  const late = async (): Promise<number> => {
    if (!signal.aborted) await once(signal, "abort", { signal: done.signal });
    await clock.sleep(limitMs, done.signal);
    stderr.print(`not waiting any longer: what was begun did not end within ${limitMs / 1000} s`);
    return interruptedExit(signal);
  };
  const tooLate = late();
  tooLate.catch(() => {});
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    done.abort();
  }
}
