import { isExecutorType } from "../reference/template.ts";
import type { JsonObject } from "../tools/json.ts";
import { NotADocument, optional, record, text } from "./json.ts";

/** Something that an image can do, and what shows it. */
export interface CapabilityDetail {
  readonly name: string;
  /** Dotted numbers, where it is known: `12.4`. */
  readonly version?: string;
  /**
   * Who says so: the service's configuration or, in development, the object that declares the executor; a label; what was found in an SBOM,
   * in variables or in the platforms.
   */
  readonly from: "configuration" | "label" | "sbom" | "environment" | "platform";
  /** What it rests on: `pkg:pypi/torch@2.4.0+cu124`, `CUDA_VERSION=12.4.1`, the name of a label. */
  readonly evidence: string;
}

const ORIGINS: readonly string[] = [
  "configuration",
  "label",
  "sbom",
  "environment",
  "platform",
] satisfies CapabilityDetail["from"][];
const MAX_DETAILS = 256;
/** Dotted numbers: `12`, `12.4`, `2.4.0`. */
const VERSION = /^\d{1,9}(?:\.\d{1,9}){0,5}$/;

/** Says what an image, or the executor that an object declares, can do: words separated by commas or spaces, `pytorch, cuda=12.4`. */
export const CAPABILITIES_LABEL = "executor-registry.dev/capabilities";
/** Capabilities that one label or setting declares. */
const MAX_DECLARED = 100;

/** `pytorch`, or `cuda=12.4`; `undefined` for what is neither. */
export function parseCapability(word: string): Pick<CapabilityDetail, "name" | "version"> | undefined {
  const [name = "", version, ...more] = word.split("=");
  if (!isExecutorType(name) || more.length > 0) return undefined;
  if (version === undefined) return { name };
  return isDotted(version) ? { name, version } : undefined;
}

/** The capabilities that a text declares, separated by commas or spaces; other words are passed over. */
export function capabilitiesIn(
  text: string,
  said: Pick<CapabilityDetail, "from" | "evidence">,
): readonly CapabilityDetail[] {
  const words = new Set(text.toLowerCase().split(/[\s,]+/));
  const declared = [...words].flatMap((word) => parseCapability(word) ?? []);
  return declared.slice(0, MAX_DECLARED).map((one) => ({ ...one, ...said }));
}

/** The members of a finding of which this is declared; none where nothing is. */
export function declaredCapabilities(
  text: string | undefined,
  said: Pick<CapabilityDetail, "from" | "evidence">,
): { readonly capabilities?: readonly string[]; readonly capabilityDetails?: readonly CapabilityDetail[] } {
  const capabilityDetails = capabilitiesIn(text ?? "", said);
  if (capabilityDetails.length === 0) return {};
  return { capabilities: capabilityDetails.map(({ name }) => name).sort(), capabilityDetails };
}

/** Whether a text is a version of a capability. */
export const isDotted = (version: string): boolean => VERSION.test(version);

/** Compares number by number; one that is missing is 0. */
export function compareDotted(a: string, b: string): number {
  const [one, other] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** What a document says of an image's capabilities, besides their names. @throws NotADocument */
export function parseCapabilityMembers(fields: JsonObject): {
  readonly capabilityDetails?: readonly CapabilityDetail[];
  readonly capabilitiesIncomplete?: string;
} {
  const { capabilityDetails: details } = fields;
  if (details !== undefined && !(Array.isArray(details) && details.length <= MAX_DETAILS))
    throw new NotADocument(`its member capabilityDetails is no list of at most ${MAX_DETAILS}`);
  return {
    ...(details && { capabilityDetails: details.flatMap(parseDetail) }),
    ...optional(fields, "capabilitiesIncomplete", text),
  };
}

/** A later service may know more origins; what is of these is passed over. */
function parseDetail(json: unknown): CapabilityDetail | [] {
  const fields = record(json, "its capability");
  const { from, version } = fields;
  const detail = { name: text(fields, "name"), from: text(fields, "from"), evidence: text(fields, "evidence") };
  if (version !== undefined && !(typeof version === "string" && isDotted(version)))
    throw new NotADocument("its capability's version is no dotted numbers");
  if (!ORIGINS.includes(detail.from)) return [];
  return { ...detail, from: from as CapabilityDetail["from"], ...(version !== undefined && { version }) };
}
