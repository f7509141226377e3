import { Document, isScalar, Scalar, visit } from "yaml";
import { escaped, linesOf, steers } from "@executor-registry/resolver/internal";

/** The lines of JSON for people to read and programs to parse. */
export function printJson(value: unknown): string[] {
  return JSON.stringify(value, null, 2).split("\n").map(escaped);
}

/** JSON in one line. */
export function jsonLine(value: unknown): string {
  return escaped(JSON.stringify(value));
}

/** The lines of YAML without anchors: what the same object is used for twice is written twice. */
export function toYaml(value: unknown): string[] {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      // Only double quotes have escapes.
      if (isScalar(node) && typeof node.value === "string" && steers(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return linesOf(document.toString()).map(escaped);
}
