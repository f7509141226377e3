import type { CapabilityDetail, DisplayText, ExecutorDocument } from "@executor-registry/resolver";
import { capabilitiesIn } from "@executor-registry/resolver/internal";
import { type Labels, ownerOf } from "./labels.ts";
import { oneLine } from "./one-line.ts";

/** What the configuration says of an executor type. */
export interface TypeProfile {
  readonly owner?: string | undefined;
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
  /** URL of its documentation. */
  readonly docs?: string | undefined;
  /** What it can do, besides what labels say and what is found: `pytorch`, `cuda=12.4`. */
  readonly capabilities?: readonly string[] | undefined;
}

/** What is shown of a type besides its image: the setting, and the label of the image specification. */
const DISPLAYED = {
  name: { setting: "displayName", label: "org.opencontainers.image.title" },
  description: { setting: "description", label: "org.opencontainers.image.description" },
  documentation: { setting: "docs", label: "org.opencontainers.image.documentation", isLink: true },
  source: { setting: undefined, label: "org.opencontainers.image.source", isLink: true },
} as const;
const CHARACTERS = 1000;

/** What the configuration declares that a type can do. */
export const configuredCapabilities = (type: string, profile: TypeProfile | undefined): readonly CapabilityDetail[] =>
  capabilitiesIn((profile?.capabilities ?? []).join(), {
    from: "configuration",
    evidence: `executors.types.${type}.capabilities`,
  });

/**
 * Who owns an image of a type: whom the configuration names, else the owner of the policy that approved its repository. Where a policy
 * approves repositories, the image's own label counts nothing.
 * @param approved the evidence of that policy; absent where none approves
 */
export function ownerMembers(
  profile: TypeProfile | undefined,
  approved: Readonly<Record<string, string>> | undefined,
  labels: Labels,
): Pick<ExecutorDocument, "owner" | "ownerFrom"> {
  if (profile?.owner !== undefined) return { owner: profile.owner, ownerFrom: "configuration" };
  const owner = approved === undefined ? ownerOf(labels) : approved["owner"];
  return owner === undefined ? {} : { owner, ownerFrom: approved === undefined ? "label" : "policy" };
}

/** What is shown of a type: what the configuration says, else the labels of its image. */
export function displayMembers(profile: TypeProfile | undefined, labels: Labels): Pick<ExecutorDocument, "display"> {
  const display: Record<string, DisplayText> = {};
  for (const [name, { setting, label, ...kind }] of Object.entries(DISPLAYED)) {
    const configured = setting && profile?.[setting];
    const text = configured ?? labels[label];
    if (text === undefined || text === "" || ("isLink" in kind && !isWebAddress(text))) continue;
    display[name] = {
      text: oneLine(text.trim().replaceAll(/\s+/g, " "), CHARACTERS),
      from: configured === undefined ? "label" : "configuration",
    };
  }
  return Object.keys(display).length === 0 ? {} : { display };
}

/** Pages make links of them: a script is none. */
const isWebAddress = (text: string): boolean =>
  text.length <= CHARACTERS && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
