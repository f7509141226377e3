import { systemClock } from "@executor-registry/resolver";
import { commandProcess, printable } from "@executor-registry/resolver/internal";
import type { ProcessIo } from "./process-io.ts";
import { runServerCommand } from "./server-command.ts";

const { writer, ended, ...events } = commandProcess();
const printer = (stream: NodeJS.WriteStream): ProcessIo["stdout"] => {
  const write = writer(stream);
  return { print: (lines) => write(`${[lines].flat().map(printable).join("\n")}\n`) };
};
const io: ProcessIo = {
  ...events,
  stdout: printer(process.stdout),
  stderr: printer(process.stderr),
  env: process.env,
  clock: systemClock,
};
// The bundle is CommonJS, which cannot wait here. The command never rejects.
void runServerCommand(process.argv.slice(2), io).then(ended);
