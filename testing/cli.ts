import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** How a command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Variables = Readonly<Record<string, string>>;

/** Starts the command line from source, as a process of its own. */
export const startCli = (args: readonly string[], env: Variables = {}): ChildProcess =>
  start("packages/cli/src/main.ts", args, env);

/** Starts the service's command from source, as a process of its own. */
export const startServer = (args: readonly string[], env: Variables = {}): ChildProcess =>
  start("packages/registry/src/command/main.ts", args, env);

/** Runs the command line to its end. */
export const cli = (args: readonly string[], env?: Variables): Promise<Outcome> => ended(startCli(args, env));

/** Runs the service's command to its end. */
export const server = (args: readonly string[], env?: Variables): Promise<Outcome> => ended(startServer(args, env));

function start(file: string, args: readonly string[], env: Variables): ChildProcess {
  const options = ["--conditions=executor-registry-source", "--disable-warning=ExperimentalWarning"];
  return spawn(process.execPath, [...options, file, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
}

async function ended(child: ChildProcess): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr?.on("data", (chunk) => (stderr += String(chunk)));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}
