import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "../../../tools/clock.ts";

/** Milliseconds for an answer; a person who has to log in gets more. */
const LIMIT_MS = 30_000;
const LOGIN_LIMIT_MS = 300_000;
/** What a plugin leaves running may hold its output open; what it printed itself is there when it has ended. */
const OUTPUT_MS = 1000;
const ANSWER_BYTES = 1 << 20;
const COMPLAINT_CHARACTERS = 4000;

/** A command to be run for its output. */
export interface PluginCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether it may ask a person at the terminal. */
  readonly interactive: boolean;
  /** What to do where it is not installed. */
  readonly installHint: string | undefined;
}

/**
 * Runs a credential plugin to its end; resolves to what it printed.
 * @param signal ends it, and what it started
 * @throws Error which names the plugin, and says what it complained of
 */
export async function runPlugin(plugin: PluginCall, clock: Clock, signal: AbortSignal): Promise<string> {
  const { command, args, env, interactive } = plugin;
  const child = spawn(command, args, {
    env: { ...env },
    // A group of its own, so that it can be ended with all that it started. Who asks a person needs the terminal, so stays in ours.
    detached: !interactive,
    stdio: [interactive ? "inherit" : "ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  const kill = (): void => end(child, !interactive);
  const over = new AbortController();
  process.once("exit", kill);
  try {
    return await Promise.race([
      finished(child, plugin, clock, over.signal),
      limit(plugin, clock, over.signal),
      stopped(signal, over.signal),
    ]);
  } finally {
    over.abort();
    process.off("exit", kill);
    if (child.exitCode === null && child.signalCode === null) kill();
    // What it left running may hold them open.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

async function limit({ command, interactive }: PluginCall, clock: Clock, over: AbortSignal): Promise<never> {
  const ms = interactive ? LOGIN_LIMIT_MS : LIMIT_MS;
  await clock.sleep(ms, over);
  throw new Error(
    `the credential plugin ${command} did not answer within ${ms / 1000} s and was ended; does it wait for input?`,
  );
}

function stopped(signal: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: over });
  });
}

function finished(
  child: ChildProcess,
  { command, interactive, installHint }: PluginCall,
  clock: Clock,
  over: AbortSignal,
): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  let complaint = "";
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > ANSWER_BYTES)
        return reject(new Error(`the credential plugin ${command} answers with over ${ANSWER_BYTES} bytes`));
      chunks.push(chunk);
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      if (interactive) process.stderr.write(chunk);
      complaint = (complaint + chunk.toString()).slice(-COMPLAINT_CHARACTERS);
    });
    child.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "was not found; is it installed?" : `cannot be started: ${error.message}`;
      reject(
        new Error([`the credential plugin ${command} ${why}`, installHint].filter(Boolean).join("\n"), {
          cause: error,
        }),
      );
    });
    const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (code === 0) return resolve(Buffer.concat(chunks, length).toString());
      const how = code === null ? `was ended by ${signal}` : `failed with exit code ${code}`;
      reject(
        new Error(`the credential plugin ${command} ${how}${complaint.trim() === "" ? "" : `: ${complaint.trim()}`}`),
      );
    };
    child.once("close", ended);
    child.once("exit", (code, signal) => {
      void clock.sleep(OUTPUT_MS, over).then(
        () => ended(code, signal),
        () => {},
      );
    });
  });
}

function end(child: ChildProcess, group: boolean): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
  if (child.pid === undefined) return;
  try {
    if (group && process.platform !== "win32") process.kill(-child.pid, "SIGKILL");
    else child.kill("SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
