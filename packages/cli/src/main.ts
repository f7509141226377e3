import { systemClock } from "@executor-registry/resolver";
import { commandProcess } from "@executor-registry/resolver/internal";
import { type Io, programName } from "./output/io.ts";
import { createPrinter, type Printer } from "./output/printer.ts";
import { runCli } from "./run-cli.ts";

const { writer, ended, ...events } = commandProcess();
const printer = (stream: NodeJS.WriteStream): Printer =>
  createPrinter({ write: writer(stream), isTTY: stream.isTTY ?? false }, process.env);
const io: Io = {
  ...events,
  stdout: printer(process.stdout),
  stderr: printer(process.stderr),
  env: process.env,
  clock: systemClock,
  program: programName(process.argv[1], process.env),
};
// A watch of a folder waits for nothing that Node counts, only for the user.
const alive = setInterval(() => {}, 60_000);
const exitCode = await runCli(process.argv.slice(2), io);
clearInterval(alive);
ended(exitCode);
