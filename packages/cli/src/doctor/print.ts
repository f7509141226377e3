import type { Io } from "../io.ts";
import { styler } from "../output/colour.ts";
import { printable } from "../output/printable.ts";
import type { Check, Report } from "./check.ts";

const COLOURS = { ok: "green", warn: "yellow", fail: "red" } as const;
const FIRST_COLUMN = 7;

/** The report for a person. The manifest comes last and unindented, so that it can be copied. */
export function printReport({ checks, manifest }: Report, io: Pick<Io, "stdout" | "env">): string {
  const paint = styler(io, io.stdout);
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ state, name, detail, fix }) => [
    `${paint(COLOURS[state], state)}${" ".repeat(FIRST_COLUMN - state.length)}${name.padEnd(width)}   ${printable(detail)}`,
    ...(fix?.trimEnd().split("\n") ?? []).map((line) => `${" ".repeat(FIRST_COLUMN)}${line}`),
  ]);
  const count = (state: Check["state"]): number => checks.filter((check) => check.state === state).length;
  const summary = `${count("ok")} ok, ${count("warn")} warn, ${count("fail")} fail`;
  const roles = manifest === undefined ? [] : ["", "# What is missing, for `kubectl apply -f -`:", manifest.trimEnd()];
  return `${[...lines, "", summary, ...roles].join("\n")}\n`;
}
