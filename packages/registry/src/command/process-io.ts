import { once } from "node:events";
import { addAbortSignal } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { type Clock, systemClock } from "@executor-registry/resolver";
import { commandProcess, printable, type ProcessEvents } from "@executor-registry/resolver/internal";

/** What the command sees of its process, so that tests need no process of their own. */
export interface ProcessIo extends ProcessEvents {
  /** Prints whole lines. What is foreign in them is escaped before. */
  readonly stdout: {
    print(lines: string | readonly string[]): void;
    /** Resolves when what was printed is on its way, or nobody reads it any more: who prints much waits for that. */
    drained(): Promise<void>;
  };
  readonly stderr: { print(lines: string | readonly string[]): void };
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/**
 * Loading a service and its catalogue, or reading a long journal, makes V8 let the space for young objects grow to tens of megabytes, which it
 * keeps. Requests leave next to nothing behind, and entries are not kept: a small space does as well (see bench/README.md).
 */
export const keepYoungSpaceSmall = (): void => setFlagsFromString("--semi-space-growth-factor=1");

/** Takes over this process for the command. `ended` is called with its exit code. */
export function ownProcess(): { readonly io: ProcessIo; ended(exitCode: number): void } {
  const { writer, ended, ...events } = commandProcess();
  const printer = (stream: NodeJS.WriteStream): ProcessIo["stdout"] => {
    const write = writer(stream);
    return {
      print: (lines) => write(`${[lines].flat().map(printable).join("\n")}\n`),
      async drained() {
        if (stream.writableNeedDrain) await once(stream, "drain", { signal: events.signal });
      },
    };
  };
  const streams = { stdout: printer(process.stdout), stderr: printer(process.stderr) };
  const io: ProcessIo = {
    ...events,
    ...streams,
    get stdin() {
      return addAbortSignal(events.signal, process.stdin);
    },
    env: process.env,
    clock: systemClock,
  };
  return { io, ended };
}
