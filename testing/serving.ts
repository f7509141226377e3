import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { oddFields } from "@executor-registry/registry/internal";
import { startServer } from "./cli.ts";

/** A line of the service's log. */
type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** `executor-registry-server serve` as a process of its own. Killed when it goes out of scope, which throws for lines that are not as docs/logs.md says. */
export interface Serving extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Resolves to the first line with this message that was not asked for yet. */
  logged(message: string): Promise<LogLine>;
  /** How many lines with this message there were so far. */
  said(message: string): number;
  signal(name: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/**
 * Starts it and waits until it is ready.
 * @param env variables besides those of this process
 * @param until it has only to listen, when `listening`
 */
export function serving(
  file: string,
  env?: Readonly<Record<string, string>>,
  until: "ready" | "listening" = "ready",
): Promise<Serving> {
  return servingAs(startServer(["serve", "--config", file], env), until);
}

/** The same of a process that was started in another way, with pipes for its output. */
export async function servingAs(child: ChildProcess, until: "ready" | "listening" = "ready"): Promise<Serving> {
  const lines: LogLine[] = [];
  const odd: string[] = [];
  const counts = new Map<string, number>();
  const reader = createInterface({ input: child.stdout! });
  reader.on("line", (text) => {
    const line = JSON.parse(text) as LogLine;
    lines.push(line);
    odd.push(...oddFields(line).map((why) => `${why}: ${text}`));
    counts.set(line.msg, (counts.get(line.msg) ?? 0) + 1);
  });
  let problem = "";
  child.stderr!.on("data", (chunk) => (problem += String(chunk)));
  const ended: Serving["ended"] = once(child, "close").then(([code, signal]) => ({ code, signal }));

  const logged = async (message: string): Promise<LogLine> => {
    for (;;) {
      const at = lines.findIndex(({ msg }) => msg === message);
      if (at >= 0) return lines.splice(at, 1)[0]!;
      const event = await Promise.race([once(reader, "line"), ended]);
      if (!Array.isArray(event)) throw new Error(`it ended without saying "${message}": ${problem}`);
    }
  };
  const { url } = await logged("listening");
  if (until === "ready") while ((await fetch(`${String(url)}/readyz`)).status !== 200);
  return {
    url: String(url),
    pid: child.pid ?? 0,
    logged,
    said: (message) => counts.get(message) ?? 0,
    signal: (name) => void child.kill(name),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      if (odd.length > 0) throw new Error(odd.join("\n"));
    },
  };
}
