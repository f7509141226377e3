import type { Resolution } from "@executor-registry/resolver";
import { stringify } from "yaml";
import { table } from "./table.ts";

export type Format = "table" | "wide" | "json" | "yaml" | "name";

/** Several resolutions in the format asked for. JSON and YAML are a list of resolutions. */
export function printList(resolutions: readonly Resolution[], format: Format): string {
  switch (format) {
    case "json":
      return `${JSON.stringify(resolutions, null, 2)}\n`;
    case "yaml":
      return stringify(resolutions);
    case "name":
      return resolutions.map(({ type }) => `executor/${type}\n`).join("");
    case "table":
    case "wide":
      return table(
        headers(format),
        resolutions.map((resolution) => row(resolution, format)),
      );
  }
}

/** One resolution; a table is what it is in a list. */
export function printOne(resolution: Resolution, format: Format): string {
  if (format === "json") return `${JSON.stringify(resolution, null, 2)}\n`;
  return format === "yaml" ? stringify(resolution) : printList([resolution], format);
}

export function headers(format: "table" | "wide"): string[] {
  return [
    "TYPE",
    "VERSION",
    "SOURCE",
    "DECIDED BY",
    ...(format === "wide" ? ["IMAGE", "PULL", "NODES", "REASON"] : []),
  ];
}

export function row(resolution: Resolution, format: "table" | "wide"): string[] {
  const {
    type,
    version,
    source,
    decidedBy,
    ambiguous,
    stale,
    candidates,
    image,
    pullPolicy,
    nodes = [],
    reason,
  } = resolution;
  const decided = ambiguous ? `ambiguous (${candidates.length})` : decidedBy;
  const first = [type, version, source, stale ? `${decided}, stale` : decided];
  return format === "table"
    ? first
    : [...first, image, pullPolicy, nodes.length > 3 ? `${nodes.length} nodes` : nodes.join(","), reason];
}
