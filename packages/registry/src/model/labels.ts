import type { CapabilityDetail } from "@executor-registry/resolver";
import { CAPABILITIES_LABEL, capabilitiesIn } from "@executor-registry/resolver/internal";
import { oneLine } from "./one-line.ts";

/** An image's labels. */
export type Labels = Readonly<Record<string, string>>;

/** The team that owns the executor. */
const OWNER = "executor-registry.dev/owner";
const OWNER_CHARACTERS = 200;

/** Whose labels are kept: this project's and the image specification's. */
const KEPT = ["executor-registry.dev/", "org.opencontainers.image."];
/** Most characters of one label's value, of the capabilities, and of all that is kept of one image. */
const ONE = 1024;
const ALL_CAPABILITIES = 8192;
const ALL = 12_288;

/**
 * The labels that are written down and kept, those that are used first. Build tools write their own by the hundred kilobytes, and anyone
 * who may push could fill the memory with them.
 */
export function keptLabels(labels: Labels): Labels {
  const used = [CAPABILITIES_LABEL, OWNER];
  const others = Object.keys(labels).filter((name) => KEPT.some((prefix) => name.startsWith(prefix)));
  const kept: Record<string, string> = {};
  let room = ALL;
  for (const name of new Set([...used, ...others])) {
    const value = labels[name];
    if (value === undefined || value.length > (name === CAPABILITIES_LABEL ? ALL_CAPABILITIES : ONE)) continue;
    const size = name.length + value.length;
    if (size > room) continue;
    kept[name] = value;
    room -= size;
  }
  return kept;
}

/** What an image's label says that it can do. */
export const labelledCapabilities = (labels: Labels): readonly CapabilityDetail[] =>
  capabilitiesIn(labels[CAPABILITIES_LABEL] ?? "", { from: "label", evidence: CAPABILITIES_LABEL });

/** Who owns an image, in one line: the label of this project, else the image specification's `vendor`. */
export function ownerOf(labels: Labels): string | undefined {
  const owner = labels[OWNER] || labels["org.opencontainers.image.vendor"];
  return owner ? oneLine(owner, OWNER_CHARACTERS) : undefined;
}
