import type { CapabilityDetail, ExecutorDocument } from "@executor-registry/resolver";

/** Something that an image can do, and what shows it. */
export interface FoundCapability {
  readonly name: string;
  /** Dotted numbers, where it is known. */
  readonly version?: string;
  readonly from: "sbom" | "environment" | "platform";
  /** `declared`: somebody said so, and nothing shows it. */
  readonly strength: "found" | "declared";
  /** `pkg:pypi/torch@2.4.0+cu124`; `CUDA_VERSION=12.4.1`; `linux/amd64`. */
  readonly evidence: string;
}

/** What was found of an image, besides what its labels say. */
export interface CapabilityFindings {
  /** Sorted by name, each once. */
  readonly capabilities: readonly FoundCapability[];
  /** SBOMs that were read. */
  readonly sboms: number;
  /** The rules by which it was found: others may find more. Absent where something could not be read that may be read a little later. */
  readonly rules?: string;
  /** Why there may be more: what could not be read. */
  readonly incomplete?: string;
}

const NOT_YET = "the image was not looked at yet: only what is declared is known";

/** Who says it, the one that counts most first. A version that is known counts more than one that is not, whoever says so. */
const ORDER: readonly CapabilityDetail["from"][] = ["configuration", "sbom", "label", "environment", "platform"];

/**
 * What a document says that an image can do: each capability once, by who counts most.
 * @param findings absent where it was not looked for yet
 */
export function capabilityMembers(
  declared: readonly CapabilityDetail[],
  findings: CapabilityFindings | undefined,
): Required<Pick<ExecutorDocument, "capabilities" | "capabilityDetails">> &
  Pick<ExecutorDocument, "capabilitiesIncomplete"> {
  const found = (findings?.capabilities ?? []).map(({ name, version, from, evidence }): CapabilityDetail => {
    return { name, ...(version !== undefined && { version }), from, evidence };
  });
  const best = new Map<string, CapabilityDetail>();
  for (const detail of [...declared, ...found]) {
    const known = best.get(detail.name);
    if (known === undefined || rank(detail) < rank(known)) best.set(detail.name, detail);
  }
  const details = [...best.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const incomplete = findings === undefined ? NOT_YET : findings.incomplete;
  return {
    capabilities: details.map(({ name }) => name),
    capabilityDetails: details,
    ...(incomplete !== undefined && { capabilitiesIncomplete: incomplete }),
  };
}

const rank = ({ from, version }: CapabilityDetail): number =>
  ORDER.indexOf(from) + (version === undefined ? ORDER.length : 0);
