import { z } from "zod";
import { some, timeOf, type VexProduct, type VexStatement } from "./statement.ts";

const text = z.string().nullish();
const Component = z.object({
  "@id": text,
  identifiers: z.record(z.string(), z.string()).nullish(),
});
const Product = Component.extend({ subcomponents: some(Component) });
const Statement = z.object({
  "@id": text,
  vulnerability: z.union([
    z.string().transform((name) => ({ name, "@id": undefined, aliases: [] })),
    z.object({ "@id": text, name: text, aliases: some(z.string()) }),
  ]),
  products: some(
    z.union([Product, z.string().transform((id) => ({ "@id": id, identifiers: undefined, subcomponents: [] }))]),
  ),
  status: z.string(),
  justification: text,
  timestamp: text,
  last_updated: text,
});
const Document = z.object({
  "@context": z.string().startsWith("https://openvex.dev/ns"),
  timestamp: text,
  last_updated: text,
  statements: some(Statement),
});

/** The five for which nobody has to read a text. */
const JUSTIFICATIONS: ReadonlySet<string> = new Set([
  "component_not_present",
  "vulnerable_code_not_present",
  "vulnerable_code_not_in_execute_path",
  "vulnerable_code_cannot_be_controlled_by_adversary",
  "inline_mitigations_already_exist",
]);

/** @see https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md */
export function openVexStatements(document: unknown, name: string): readonly VexStatement[] {
  const { statements, timestamp, last_updated: updated } = Document.parse(document);
  return statements.map((statement, index): VexStatement => {
    const { vulnerability, products, status, justification } = statement;
    const time = timeOf(statement.last_updated ?? statement.timestamp ?? updated ?? timestamp);
    return {
      document: name,
      id: statement["@id"] ?? `statement ${index + 1}`,
      vulnerability: [vulnerability.name, lastPart(vulnerability["@id"]), ...vulnerability.aliases].flatMap(
        (one) => one || [],
      ),
      products: products.map(productOf),
      status:
        status === "fixed"
          ? "fixed"
          : status === "not_affected" && JUSTIFICATIONS.has(justification ?? "")
            ? "excused"
            : "other",
      ...(time !== undefined && { time }),
    };
  });
}

/** `https://nvd.nist.gov/vuln/detail/CVE-2026-1` */
const lastPart = (id: string | null | undefined): string | undefined => id?.slice(id.lastIndexOf("/") + 1);

const purlsOf = ({ "@id": id, identifiers }: z.output<typeof Component>): readonly string[] =>
  [id, identifiers?.["purl"]].flatMap((one) => one || []);

function productOf(product: z.output<typeof Product>): VexProduct {
  // A part that has no name is one all the same: the statement is not about the whole.
  return { purls: purlsOf(product), parts: product.subcomponents.map((part) => purlsOf(part)[0] ?? "") };
}
