import type { ExecutorDocument } from "@executor-registry/resolver";
import { z } from "zod";
import { Executor } from "./schemas.ts";

/** Members of an executor's document, separated by commas. */
export const Fields = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim()))
  .pipe(z.array(Executor.keyof()).min(1))
  .meta({ description: "Only these members of each executor, separated by commas: image,version" });

/** A document's text with the wanted members alone, in the document's order. */
export function withFields(document: ExecutorDocument, fields: readonly (keyof ExecutorDocument)[]): string {
  const wanted: ReadonlySet<string> = new Set(fields);
  return JSON.stringify(Object.fromEntries(Object.entries(document).filter(([name]) => wanted.has(name))));
}
