import { Readable } from "node:stream";
import type { Clock } from "@executor-registry/resolver";
import type { ProcessIo } from "../command/process-io.ts";
import { runServerCommand } from "../command/server-command.ts";

/** Stands still at the beginning of 23 November 2026. */
const standing: Clock = { now: () => Date.UTC(2026, 10, 23), sleep: () => new Promise(() => {}) };

/** The process of a command in a test: streams that are kept, and nothing else. */
export function fakeIo(given: Partial<Pick<ProcessIo, "stdin" | "env" | "signal" | "clock">> = {}) {
  const written = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr"): ProcessIo["stdout"] => ({
    print: (lines) => void (written[name] += `${[lines].flat().join("\n")}\n`),
    drained: async () => {},
  });
  return {
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    stdin: Readable.from([]),
    env: {},
    signal: new AbortController().signal,
    onHangup: () => () => {},
    onUnhandled: () => () => {},
    clock: standing,
    ...given,
    /** What was written so far. */
    written: () => ({ ...written }),
  };
}

/** Runs a command line of the service's command to its end. */
export async function runHere(argv: readonly string[], io = fakeIo()) {
  const code = await runServerCommand(argv, io);
  return { code, ...io.written() };
}
