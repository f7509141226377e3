import { type Clock, systemClock } from "@executor-registry/resolver";
import { commandProcess, printable, type ProcessEvents } from "@executor-registry/resolver/internal";

/** What the command sees of its process, so that tests need no process of their own. */
export interface ProcessIo extends ProcessEvents {
  /** Prints whole lines. What is foreign in them is escaped before. */
  readonly stdout: { print(lines: string | readonly string[]): void };
  readonly stderr: { print(lines: string | readonly string[]): void };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** Takes over this process for the command. `ended` is called with its exit code. */
export function ownProcess(): { readonly io: ProcessIo; ended(exitCode: number): void } {
  const { writer, ended, ...events } = commandProcess();
  const printer = (stream: NodeJS.WriteStream): ProcessIo["stdout"] => {
    const write = writer(stream);
    return { print: (lines) => write(`${[lines].flat().map(printable).join("\n")}\n`) };
  };
  const streams = { stdout: printer(process.stdout), stderr: printer(process.stderr) };
  return { io: { ...events, ...streams, env: process.env, clock: systemClock }, ended };
}
