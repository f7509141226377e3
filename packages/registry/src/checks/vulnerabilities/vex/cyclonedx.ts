import { z } from "zod";
import { some, timeOf, type VexStatement } from "./statement.ts";

const text = z.string().nullish();
interface Component {
  readonly "bom-ref"?: string | null | undefined;
  readonly purl?: string | null | undefined;
  readonly components: readonly Component[];
}
const Component: z.ZodType<Component> = z.lazy(() =>
  z.object({ "bom-ref": text, purl: text, components: some(Component) }),
);
const Document = z.object({
  bomFormat: z.literal("CycloneDX"),
  serialNumber: text,
  version: z.number().nullish(),
  metadata: z.object({ timestamp: text, component: Component.nullish() }).nullish(),
  components: some(Component),
  vulnerabilities: some(
    z.object({
      "bom-ref": text,
      id: z.string(),
      references: some(z.object({ id: text })),
      analysis: z.object({ state: text, justification: text, firstIssued: text, lastUpdated: text }).nullish(),
      affects: some(z.object({ ref: z.string(), versions: some(z.unknown()) })),
    }),
  ),
});

const JUSTIFICATIONS: ReadonlySet<string> = new Set([
  "code_not_present",
  "code_not_reachable",
  "requires_configuration",
  "requires_dependency",
  "requires_environment",
  "protected_by_compiler",
  "protected_at_runtime",
  "protected_at_perimeter",
  "protected_by_mitigating_control",
]);

/** Of a vulnerability that the document names and nobody has analysed nothing is stated. @see https://cyclonedx.org/docs/1.6/json/#vulnerabilities */
export function cycloneDxStatements(document: unknown, name: string): readonly VexStatement[] {
  const { serialNumber, version, metadata, components, vulnerabilities } = Document.parse(document);
  const purls = new Map<string, string>();
  const add = ({ "bom-ref": ref, purl, components: parts }: Component): void => {
    if (ref && purl) purls.set(ref, purl);
    parts.forEach(add);
  };
  [...components, ...(metadata?.component ? [metadata.component] : [])].forEach(add);
  // A BOM-Link names a document by its number and version: those of another are not known here.
  const own = `urn:cdx:${serialNumber?.replace(/^urn:uuid:/, "") ?? ""}/${version ?? 1}#`;
  const purlOf = (ref: string): string | undefined =>
    ref.startsWith("urn:cdx:")
      ? ref.startsWith(own)
        ? purls.get(decodeURIComponent(ref.slice(own.length)))
        : undefined
      : purls.get(ref);
  return vulnerabilities.flatMap((one, index): VexStatement | [] => {
    const { analysis, affects } = one;
    if (!analysis?.state) return [];
    const { state, justification } = analysis;
    const time = timeOf(analysis.lastUpdated ?? analysis.firstIssued ?? metadata?.timestamp);
    const excused = (state === "not_affected" || state === "false_positive") && JUSTIFICATIONS.has(justification ?? "");
    return {
      document: name,
      id: one["bom-ref"] ?? `vulnerability ${index + 1}`,
      vulnerability: [one.id, ...one.references.flatMap(({ id }) => id || [])],
      // Ranges of versions are not compared: a package is named exactly, or not at all.
      products: affects.flatMap(({ ref, versions }) => {
        const purl = purlOf(ref);
        return purl === undefined || (versions.length > 0 && excused) ? [] : [{ purls: [purl], parts: [] }];
      }),
      status: state === "resolved" || state === "resolved_with_pedigree" ? "fixed" : excused ? "excused" : "other",
      ...(time !== undefined && { time }),
    };
  });
}
