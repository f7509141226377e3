import type { VerdictDocument } from "@executor-registry/resolver/internal";
import { table } from "./table.ts";

/** What each check says, with what it rests on, as lines of a table. */
export function verdictLines(verdicts: readonly VerdictDocument[]): string[] {
  const rows = verdicts.map((verdict) => [verdict.check, stateOf(verdict), verdict.code ?? "", whole(verdict)]);
  return table(["CHECK", "STATE", "CODE", "WHY"], rows);
}

function stateOf({ state, mode }: VerdictDocument): string {
  return mode === "warn" && state !== "passed" ? `${state} (only warns)` : state;
}

function whole({ reason, evidence = {}, since, expires }: VerdictDocument): string {
  const facts = [
    ...Object.entries(evidence).map(([name, value]) => `${name}=${value}`),
    ...(since === undefined ? [] : [`no answer since ${since}`]),
    ...(expires === undefined ? [] : [`until ${expires}`]),
  ];
  return facts.length === 0 ? reason : `${reason} (${facts.join(", ")})`;
}

/** `Name:` and a value, in columns. */
export function factLines(facts: readonly (readonly [name: string, value: string | undefined])[]): string[] {
  const known = facts.filter((fact): fact is readonly [string, string] => fact[1] !== undefined);
  const width = Math.max(...known.map(([name]) => name.length)) + 2;
  return known.map(([name, value]) => `${`${name}:`.padEnd(width)}${value}`);
}
