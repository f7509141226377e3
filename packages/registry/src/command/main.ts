import { systemClock } from "@executor-registry/resolver";
import { INTERRUPTED, Interruption, printable } from "@executor-registry/resolver/internal";
import type { ProcessIo } from "./process-io.ts";
import { runServerCommand } from "./server-command.ts";

const ending = new AbortController();
const end = (message: string, exit: number): void => {
  // Who asks a second time does not want to wait for a clean end. In a container, only the process itself can do that.
  if (ending.signal.aborted) process.exit(exit);
  ending.abort(new Interruption(message, exit));
};
process.on("SIGINT", () => end("interrupted", INTERRUPTED.SIGINT));
process.on("SIGTERM", () => end("terminated", INTERRUPTED.SIGTERM));

const printer = (stream: NodeJS.WriteStream): ProcessIo["stdout"] => {
  // `… | head` reads what it wants and goes. Each write after that fails again.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (!ending.signal.aborted) end("the reader of the output went away", INTERRUPTED.SIGPIPE);
  });
  return {
    print: (lines) => void stream.write(`${[lines].flat().map(printable).join("\n")}\n`),
  };
};
const io: ProcessIo = {
  stdout: printer(process.stdout),
  stderr: printer(process.stderr),
  env: process.env,
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
  clock: systemClock,
};
async function run(): Promise<void> {
  process.exitCode = await runServerCommand(process.argv.slice(2), io);
  // Whoever wants it to end does not wait for what may still be open.
  if (ending.signal.aborted) setTimeout(() => process.exit(), 500).unref();
}
// The bundle is CommonJS, which cannot wait here.
void run();
