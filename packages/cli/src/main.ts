import { basename } from "node:path";
import type { Io, Output } from "./io.ts";
import { runCli } from "./run-cli.ts";

const ending = new AbortController();
process.once("SIGINT", () => ending.abort(new Error("interrupted")));
process.once("SIGTERM", () => ending.abort(new Error("terminated")));
// `… | head` reads what it wants and goes.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const output = (stream: NodeJS.WriteStream): Output => ({
  write: (text) => void stream.write(text),
  isTTY: Boolean(stream.isTTY),
});
const io: Io = {
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  env: process.env,
  signal: ending.signal,
  program: basename(process.argv[1] ?? "").startsWith("kubectl") ? "kubectl executors" : "executor-registry",
};
// Waiting for a server that is away must not end the process.
const alive = setInterval(() => {}, 60_000);
process.exitCode = await runCli(process.argv.slice(2), io);
clearInterval(alive);
