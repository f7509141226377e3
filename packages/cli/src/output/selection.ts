import { isDigest, shortDigest } from "@executor-registry/resolver";
import type { DropCount, SelectionChange, VersionRef } from "@executor-registry/resolver/internal";
import { printJson, toYaml } from "./documents.ts";
import type { Format } from "./resolutions.ts";
import { table } from "./table.ts";
import { factLines } from "./verdicts.ts";

/** Tells a change from what would be one, as kubectl does. */
export type Suffix = "" | " (dry run)" | " (server dry run)";

/** What became of a change of a type. */
export function printChange(change: SelectionChange, format: Format, suffix: Suffix): string[] {
  if (format === "json") return printJson(change);
  if (format === "yaml") return toYaml(change);
  const { type, outcome, message, before, after, affected, pin } = change;
  if (format === "name") return [`executor/${type}`];
  const what = outcome === "changed" ? message : `unchanged${message === "" ? "" : ` (${message})`}`;
  const line = `executor/${type} ${what}${suffix}`;
  if (format === "table") return [line];
  return [
    line,
    ...factLines([
      ["Before", before === undefined ? "no version" : shown(before)],
      ["After", after === undefined ? "no version" : shown(after)],
      ["Because", after?.reason],
      ["Types affected", String(affected)],
      ["Until", pin?.until],
      ["Policy would choose", pin?.policyWouldChoose && shown(pin.policyWouldChoose)],
    ]),
  ];
}

/** A request that is not sent. */
export function printRequest(
  { type, done, request }: { readonly type: string; readonly done: string; readonly request: object },
  format: Format,
): string[] {
  if (format === "json") return printJson(request);
  if (format === "yaml") return toYaml(request);
  return [format === "name" ? `executor/${type}` : `executor/${type} ${done} (dry run)`];
}

/** A version and its digest, in short. */
export const shown = ({ version, digest }: Pick<VersionRef, "version" | "digest">): string =>
  `${version} (${isDigest(digest) ? `sha256:${shortDigest(digest)}…` : digest})`;

/** What was passed over, counted by reason. */
export function dropLines(drops: readonly DropCount[]): string[] {
  if (drops.length === 0) return [];
  const rows = drops.map(({ code, count, examples }) => {
    const more = count > examples.length ? [...examples, "…"] : examples;
    return [code, String(count), more.join(", ")];
  });
  return table(["PASSED OVER", "COUNT", "SUCH AS"], rows);
}
