import { basename } from "node:path";
import type { Clock } from "@executor-registry/resolver";
import type { ProcessEvents } from "@executor-registry/resolver/internal";
import type { Printer } from "./printer.ts";

/** What a command sees of the world, so that tests need no process of their own. */
export interface Io extends ProcessEvents {
  readonly stdout: Printer;
  readonly stderr: Printer;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** How the command was called, such as `executor-registry`, `kubectl executors` or `npm run -s cli --`. */
  readonly program: string;
}

/** A stream that text is written to. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
}

/**
 * The command as the user typed it, so that a hint can be copied.
 * @param script the file that Node was started with
 */
export function programName(script: string | undefined, env: Io["env"]): string {
  const name = basename(script ?? "");
  if (name.startsWith("kubectl")) return "kubectl executors";
  if (env["npm_command"] === "exec") return "npx executor-registry";
  if (!/^main\.[jt]s$/.test(name)) return "executor-registry";
  return env["npm_lifecycle_event"] === "dev" ? "npm run -s dev --" : "npm run -s cli --";
}
