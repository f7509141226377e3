import { spawn } from "node:child_process";
import { readRegularFile } from "@executor-registry/resolver/internal";
import type { PasswordPlace } from "./store-settings.ts";

/** Milliseconds that a program has to print a password. */
const LIMIT_MS = 30_000;
const MAX_BYTES = 64 << 10;

/** A password that cannot be read. The message names its place, and nothing that was found there. */
export class PasswordError extends Error {
  override readonly name = "PasswordError";
}

export interface ReadPasswordOptions {
  /** Ends the program that prints it. */
  readonly signal?: AbortSignal | undefined;
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads a password anew, since it may be another by now.
 * @returns it without the newline at its end
 * @throws PasswordError where there is none
 */
export async function readPassword(
  place: PasswordPlace,
  { signal, env = process.env }: ReadPasswordOptions = {},
): Promise<string> {
  if ("env" in place) {
    const password = env[place.env];
    if (!password) throw new PasswordError(`the environment variable ${place.env} with the password is not set`);
    return password;
  }
  const [where, text] =
    "file" in place
      ? [`the password's file ${place.file}`, await readFile(place.file)]
      : [nameOf(place.command), await printed(place.command, env, signal)];
  const password = text.replace(/\r?\n$/, "");
  if (password === "") throw new PasswordError(`${where} holds no password`);
  return password;
}

/** Its arguments may hold a secret. */
const nameOf = ([program]: readonly [string, ...string[]]): string => `the password's program ${program}`;

async function readFile(path: string): Promise<string> {
  try {
    return (await readRegularFile(path, MAX_BYTES)).toString();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new PasswordError(`the password's file ${path} cannot be read (${code ?? message})`, { cause });
  }
}

/** What a program prints. It is started without a shell, in a group of its own: what it starts ends with it. */
function printed(
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string | undefined>>,
  caller?: AbortSignal,
): Promise<string> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  const signal = caller ? AbortSignal.any([caller, limit]) : limit;
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    // What it complains of may quote a secret.
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "ignore"], detached: true, windowsHide: true });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (): void => {
      signal.removeEventListener("abort", stop);
      child.stdout.destroy();
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    };
    const fail = (why: string, cause?: unknown): void => {
      end();
      reject(new PasswordError(`${nameOf(command)} ${why}`, { cause }));
    };
    const stop = (): void =>
      fail(limit.aborted ? `did not end within ${LIMIT_MS / 1000} s` : "was ended", signal.reason);
    child.on("error", (cause: NodeJS.ErrnoException) =>
      fail(cause.code === "ENOENT" ? "is not installed" : `cannot be run (${cause.code})`, cause),
    );
    child.stdout.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_BYTES) fail(`prints more than ${MAX_BYTES} bytes`);
    });
    child.on("close", (code) => {
      signal.removeEventListener("abort", stop);
      if (code === 0) resolve(Buffer.concat(chunks, bytes).toString());
      else fail(`failed with exit code ${code}; run it by hand to see why`);
    });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
