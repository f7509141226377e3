import type { Resolution } from "@executor-registry/resolver";
import { headers, row } from "./columns.ts";
import { printJson, toYaml } from "./documents.ts";
import { table } from "./table.ts";

export type Format = "table" | "wide" | "json" | "yaml" | "name";

/**
 * Several resolutions in the format asked for. JSON and YAML are a list of resolutions.
 * @param now milliseconds since the Unix epoch, for ages
 */
export function printList(resolutions: readonly Resolution[], format: Format, now: number): string[] {
  switch (format) {
    case "json":
      return printJson(resolutions);
    case "yaml":
      return toYaml(resolutions);
    case "name":
      return resolutions.map(({ type }) => `executor/${type}`);
    case "table":
    case "wide":
      return table(
        headers(format),
        resolutions.map((resolution) => row(resolution, format, now)),
      );
  }
}

/** One resolution; a table is what it is in a list. */
export function printOne(resolution: Resolution, format: Format, now: number): string[] {
  if (format === "json") return printJson(resolution);
  return format === "yaml" ? toYaml(resolution) : printList([resolution], format, now);
}
