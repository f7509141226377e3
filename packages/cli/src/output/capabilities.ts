import type { Resolution } from "@executor-registry/resolver";
import { table } from "./table.ts";

type Capable = Pick<Resolution, "capabilities" | "capabilityDetails" | "capabilitiesIncomplete">;

/** `pytorch=2.4.0,cuda=12.4,spacy`, as they can be declared. */
export function capabilitiesInCell({ capabilities = [], capabilityDetails = [] }: Capable): string {
  const versions = new Map(capabilityDetails.map(({ name, version }) => [name, version]));
  const words = capabilities.map((name) => (versions.get(name) === undefined ? name : `${name}=${versions.get(name)}`));
  return words.join(",") || "<none>";
}

/** Each with its version and what it rests on, and why there may be more. */
export function capabilityLines({ capabilities = [], capabilityDetails, capabilitiesIncomplete }: Capable): string[] {
  const rows = (capabilityDetails ?? capabilities.map((name) => ({ name, from: "", evidence: "" }))).map((detail) => {
    const { name, from, evidence } = detail;
    return [name, ("version" in detail && detail.version) || "", from, evidence];
  });
  const lines = rows.length === 0 ? [] : table(["CAPABILITY", "VERSION", "FROM", "EVIDENCE"], rows);
  return capabilitiesIncomplete === undefined ? lines : [...lines, `There may be more: ${capabilitiesIncomplete}`];
}
