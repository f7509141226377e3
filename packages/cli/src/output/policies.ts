import type { PolicyChange, PoliciesDocument, VersionPolicyReport } from "@executor-registry/resolver/internal";
import { dropLines, shown, type Suffix } from "./selection.ts";
import { table } from "./table.ts";
import { factLines } from "./verdicts.ts";

const ORIGINS: Readonly<Record<PoliciesDocument["from"], string>> = {
  configuration: "the service's configuration",
  operator: "an operator",
  default: "the default, which counts for types that no policy names",
};

/** Which version policy a type has, and what it makes of the type's images. */
export function reportLines({ type, policy, from, evaluation, current, condition }: VersionPolicyReport): string[] {
  const { pick, runnerUp, reason, candidates, images, drops, warnings } = evaluation;
  return [
    ...factLines([
      ["Type", type],
      ["Policy", policy.name === "" ? policy.summary : `${policy.name}: ${policy.summary}`],
      ["From", ORIGINS[from]],
      ["Chooses", pick === undefined ? "no version" : shown(pick)],
      ["Because", reason],
      ["Runner-up", runnerUp && shown(runnerUp)],
      ["Current", current && `${shown(current)}, by ${current.decidedBy}`],
      ["Condition", condition],
      ["Candidates", `${candidates} of ${images} images`],
    ]),
    ...warnings.map((warning) => `Warning: ${warning}`),
    ...(drops.length > 0 ? ["", ...dropLines(drops)] : []),
  ];
}

/** The policies in force, a line each. */
export function policiesLines({ from, summary, by, since, reason }: PoliciesDocument): string[] {
  return [
    ...factLines([
      ["From", ORIGINS[from]],
      ["Set by", by],
      ["Since", since],
      ["Because", reason],
    ]),
    ...(summary.length > 0 ? ["", ...summary] : []),
  ];
}

/** What became of a change of the policies, and whose answers change. */
export function policyChangeLines(change: PolicyChange, done: string, suffix: Suffix): string[] {
  const { outcome, affected, unchanged, changes } = change;
  if (outcome === "unchanged") return [`policies unchanged${suffix}`];
  const rows = changes
    .filter(({ before, after }) => before?.image !== after?.image)
    .map(({ type, before, after, candidates, drops }) => [
      type,
      before?.version ?? "<none>",
      after?.version ?? "<none>",
      String(candidates),
      drops.map(({ code, count }) => `${count} ${code}`).join(", ") || "<none>",
    ]);
  const types = affected === 1 ? "1 type is" : `${affected} types are`;
  return [
    `policies ${done}: ${types} answered with another version, ${unchanged} with the same${suffix}`,
    ...(rows.length > 0 ? table(["TYPE", "BEFORE", "AFTER", "CANDIDATES", "PASSED OVER"], rows) : []),
    ...(rows.length < affected ? [`${affected - rows.length} more types change`] : []),
  ];
}
