import { linesOf } from "@executor-registry/resolver/internal";
import type { Line } from "../output/printer.ts";
import type { Check, Report } from "./check.ts";

const COLOURS = { ok: "green", warn: "yellow", fail: "red" } as const;
const FIRST_COLUMN = 7;

/** The report for a person. The manifest comes last and unindented, so that it can be copied. */
export function printReport({ checks, manifest }: Report): Line[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ state, name, detail, fix }): Line[] => [
    [
      { style: COLOURS[state], text: state },
      `${" ".repeat(FIRST_COLUMN - state.length)}${name.padEnd(width)}   ${detail}`,
    ],
    ...(fix === undefined ? [] : linesOf(fix)).map((line) => `${" ".repeat(FIRST_COLUMN)}${line}`),
  ]);
  const count = (state: Check["state"]): number => checks.filter((check) => check.state === state).length;
  const summary = `${count("ok")} ok, ${count("warn")} warn, ${count("fail")} fail`;
  const roles =
    manifest === undefined ? [] : ["", "# What is missing, for `kubectl apply -f -`:", ...linesOf(manifest)];
  return [...lines, "", summary, ...roles];
}
