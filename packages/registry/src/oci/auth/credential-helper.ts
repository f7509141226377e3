import { spawn } from "node:child_process";
import { z } from "zod";
import { type Credentials, CredentialsError } from "./credentials.ts";

/** The environment of a helper. */
export type HelperEnvironment = Readonly<Record<string, string | undefined>>;

/** @see https://github.com/docker/docker-credential-helpers#development */
const helperAnswer = z.object({ Username: z.string(), Secret: z.string() });

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 << 10;
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/;

/**
 * Runs `docker-credential-NAME get`, which asks a keychain or a cloud.
 * @param key what the helper knows the registry by: its host, for Docker Hub `https://index.docker.io/v1/`
 * @throws CredentialsError where it is missing, fails, or answers something else; never with what it said on stdout
 */
export async function askHelper(
  name: string,
  key: string,
  variables: HelperEnvironment,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  if (!NAME.test(name))
    throw new CredentialsError(`credential helper ${JSON.stringify(name.slice(0, 80))} is not a name`);
  const program = `docker-credential-${name}`;
  const { code, output } = await run(
    program,
    key,
    variables,
    AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  );
  if (code !== 0) {
    // Helpers say so on stdout, in these words.
    if (/credentials not found/i.test(output)) return undefined;
    throw new CredentialsError(`${program} failed with exit code ${code} for ${key}. Run it by hand to see why`);
  }
  try {
    const { Username, Secret } = helperAnswer.parse(JSON.parse(output));
    if (Secret === "") return undefined;
    return Username === "<token>" ? { identityToken: Secret } : { username: Username, password: Secret };
  } catch {
    // Neither the output nor the parser's message, which quotes it: it holds a secret.
    throw new CredentialsError(`${program} answers something else than credentials for ${key}`);
  }
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function run(program: string, input: string, env: HelperEnvironment, signal: AbortSignal): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // Helpers are often shell scripts: in a group of its own, what they started ends with them.
    const child = spawn(program, ["get"], { env, stdio: ["pipe", "pipe", "ignore"], detached: true });
    let output = "";
    const give = (why: string, cause?: unknown): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
      child.stdout.destroy();
      reject(new CredentialsError(`${program} ${why}`, { cause }));
    };
    const stop = (): void => give("did not answer in time", signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    child.on("error", (error: NodeJS.ErrnoException) =>
      give(error.code === "ENOENT" ? "is not installed" : `cannot be run (${error.code})`, error),
    );
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.length > MAX_OUTPUT_BYTES) give("answers too much");
    });
    child.on("close", (code) => {
      signal.removeEventListener("abort", stop);
      resolve({ code, output });
    });
    // It may end without reading.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
