import { hash } from "node:crypto";
import { cycloneDxStatements } from "./cyclonedx.ts";
import { openVexStatements } from "./openvex.ts";
import type { VexStatement } from "./statement.ts";

/** Types of predicates that hold statements. */
export const VEX_PREDICATES: ReadonlySet<string> = new Set([
  "https://openvex.dev/ns",
  "https://openvex.dev/ns/v0.2.0",
  "https://cyclonedx.org/bom",
]);

/** The statements of a signed document. @throws ZodError for what is not as its format says */
export function statementsIn(predicateType: string, predicate: unknown): readonly VexStatement[] {
  const document = `sha256:${hash("sha256", JSON.stringify(predicate) ?? "", "hex").slice(0, 16)}`;
  return predicateType === "https://cyclonedx.org/bom"
    ? cycloneDxStatements(predicate, document)
    : openVexStatements(predicate, document);
}
