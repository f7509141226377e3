import { once } from "node:events";
import type { Io } from "../output/io.ts";

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
const END = 2000;

/** A command's exit code; that of its interruption where it does not end soon, whatever it hangs on. */
export async function endingInTime(
  work: Promise<number>,
  { signal, clock, stderr }: Pick<Io, "signal" | "clock" | "stderr">,
  limit = END,
): Promise<number> {
  const done = new AbortController();
  const late = async (): Promise<number> => {
    if (!signal.aborted) await once(signal, "abort", { signal: done.signal });
    await clock.sleep(limit, done.signal);
    stderr.print(`gave up waiting: what was begun did not end within ${limit / 1000} s`);
    return interruptedExit(signal);
  };
  const giveUp = late();
  giveUp.catch(() => {});
  try {
    return await Promise.race([work, giveUp]);
  } finally {
    done.abort();
  }
}
