import { type Clock, systemClock } from "./clock.ts";
import { INTERRUPTED, Interruption } from "./interruption.ts";

/** Milliseconds in which a second SIGINT is the first one again: npm passes on a Ctrl-C that the terminal has sent to its script too. */
const SAME_INTERRUPT_MS = 250;

/** What happens to a command's process. */
export interface ProcessEvents {
  /** Aborts with an `Interruption` when the user ends it (Ctrl-C, SIGTERM), or the reader of its output went away. */
  readonly signal: AbortSignal;
  /** Calls back on each SIGHUP, which ends the process unless there is a listener. Returns how to stop that. */
  onHangup(listener: () => void): () => void;
  /**
   * Calls back on each rejection that nothing handled, which ends the process unless there is a listener, and on an error that nothing
   * caught, which ends it after that: what it left half done is not known. Returns how to stop that.
   */
  onUnhandled(listener: (error: unknown, kind: "rejection" | "exception") => void): () => void;
}

/** The process of a command. */
interface CommandProcess extends ProcessEvents {
  /** Writes to a stream of the process. */
  writer(stream: NodeJS.WriteStream): (text: string) => void;
  /** The command has ended: after an interruption, the process does not wait for what may still be open. */
  ended(exitCode: number): void;
}

/** Takes over this process's signals. */
export function commandProcess(clock: Clock = systemClock): CommandProcess {
  const ending = new AbortController();
  let interrupted = -Infinity;
  const end = (message: string, exit: number): void => {
    // Who asks a second time does not want to wait for a clean end. In a container, only the process itself can do that.
    if (ending.signal.aborted) process.exit(exit);
    ending.abort(new Interruption(message, exit));
  };
  process.on("SIGINT", () => {
    const now = clock.now();
    if (now - interrupted < SAME_INTERRUPT_MS) return;
    interrupted = now;
    end("interrupted", INTERRUPTED.SIGINT);
  });
  process.on("SIGTERM", () => end("terminated", INTERRUPTED.SIGTERM));
  return {
    signal: ending.signal,
    onHangup(listener) {
      process.on("SIGHUP", listener);
      return () => process.off("SIGHUP", listener);
    },
    onUnhandled(listener) {
      const rejected = (error: unknown): void => listener(error, "rejection");
      const thrown = (error: unknown): void => {
        listener(error, "exception");
        process.exit(1);
      };
      process.on("unhandledRejection", rejected).on("uncaughtException", thrown);
      return () => process.off("unhandledRejection", rejected).off("uncaughtException", thrown);
    },
    writer(stream) {
      // `… | head` reads what it needs and goes. Each write after that fails again.
      stream.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE") throw error;
        if (!ending.signal.aborted) end("the reader of the output went away", INTERRUPTED.SIGPIPE);
      });
      return (text) => void stream.write(text);
    },
    ended(exitCode) {
      process.exitCode = exitCode;
      if (ending.signal.aborted) setTimeout(() => process.exit(), 500).unref();
    },
  };
}
