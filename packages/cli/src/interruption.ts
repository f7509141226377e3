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
