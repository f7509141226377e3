import { basename } from "node:path";
import type { Io } from "./output/io.ts";

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
