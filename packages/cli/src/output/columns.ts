import type { Resolution } from "@executor-registry/resolver";
import { age } from "./age.ts";

/** What a table shows of a resolution. */
export type TableFormat = "table" | "wide";

export function headers(format: TableFormat): string[] {
  const wide = format === "wide" ? ["VALIDATED", "IMAGE", "PULL", "NODES", "REASON"] : [];
  return ["TYPE", "VERSION", "SOURCE", "AGE", "EVIDENCE", ...wide];
}

/** @param now milliseconds since the Unix epoch */
export function row(resolution: Resolution, format: TableFormat, now: number): string[] {
  const { type, version, source, validated, image, pullPolicy, nodes = [], reason } = resolution;
  const first = [type, version, source, ageOf(resolution, now), evidenceOf(resolution)];
  if (format === "table") return first;
  const where = nodes.length > 3 ? `${nodes.length} nodes` : nodes.join(",");
  return [...first, validated ? "yes" : "no", image, pullPolicy, where || "<none>", reason];
}

/** How long ago what decided happened, where it has a time; in production, how long the version has been known. */
function ageOf({ decidedBy, candidates, added }: Resolution, now: number): string {
  const at = candidates[0]?.evidence.find(({ kind }) => kind === decidedBy)?.at ?? added;
  return at === undefined ? "<unknown>" : age(now - Date.parse(at));
}

function evidenceOf({ ambiguous, decidedBy, candidates, stale }: Resolution): string {
  const evidence = ambiguous ? `ambiguous (${candidates.length})` : decidedBy;
  return stale ? `${evidence}, stale` : evidence;
}
