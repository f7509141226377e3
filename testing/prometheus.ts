import { execFileSync } from "node:child_process";

const installed = (command: string): string | false => {
  try {
    execFileSync(command, ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    return `${command} is not installed (Debian: apt-get install prometheus)`;
  }
};

/** Why tests that need promtool are skipped here, or `false`. */
export const noPromtool: string | false = installed("promtool");

/** What promtool prints. @throws Error with all of it when it ends with a failure */
export function promtool(...args: readonly string[]): string {
  try {
    return execFileSync("promtool", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(" ")}: ${stdout}${stderr}`, { cause: error });
  }
}

/** One line of what a target answers: a series and its value now. */
export interface PrintedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus' text format, as far as a service of ours writes it. */
export function parseSamples(text: string): readonly PrintedSample[] {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = /^([a-z_:0-9]+)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/([a-z_0-9]+)="((?:[^"\\]|\\.)*)"/gi)].map(([, label, held]) => [label, held]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
  });
}
