import { isExecutorType } from "../reference/template.ts";
import { ExecutorRegistryError } from "../tools/errors.ts";
import { type CapabilityDetail, compareDotted, isDotted } from "./capability.ts";

const OPERATORS = [">=", "<=", ">", "<", "="] as const;

/** One thing that an image must be able to do: `pytorch`, or `cuda>=12`. */
export interface Need {
  readonly name: string;
  readonly operator?: (typeof OPERATORS)[number];
  /** Dotted numbers; there with an operator. */
  readonly version?: string;
}

/** What an image can do, as documents and resolutions say it. */
interface Offering {
  readonly capabilities?: readonly string[];
  readonly capabilityDetails?: readonly Pick<CapabilityDetail, "name" | "version">[];
}

/** Needs of one question, and characters of one. */
const MAX_NEEDS = 32;
const MAX_NEED = 130;

/**
 * Capabilities, each alone or with a comparison of its version: `pytorch`, `cuda>=12`, `python=3.11`.
 * @throws ExecutorRegistryError code `invalid-request` for what is no need, and for none or too many of them
 */
export function parseNeeds(texts: readonly string[]): readonly Need[] {
  if (texts.length > 0 && texts.length <= MAX_NEEDS) return texts.map(parseNeed);
  const what = texts.length === 0 ? "needs is empty" : `needs has ${texts.length} members`;
  throw new ExecutorRegistryError("invalid-request", `${what}; name 1 to ${MAX_NEEDS} capabilities`);
}

function parseNeed(text: string): Need {
  const words = text.length > MAX_NEED ? "" : text.trim().toLowerCase();
  const [, name = "", operator, version = ""] = /^([^<>=\s]+)\s*(?:([<>]=?|=)\s*(\S*))?$/.exec(words) ?? [];
  const known = OPERATORS.find((one) => one === operator);
  if (isExecutorType(name) && operator === undefined) return { name };
  if (isExecutorType(name) && known !== undefined && isDotted(version)) return { name, operator: known, version };
  const form = "expected a capability such as pytorch, or one with a version, such as cuda>=12";
  throw new ExecutorRegistryError("invalid-request", `need "${text.slice(0, 100)}": ${form}`);
}

/** `cuda>=12` */
export const needText = ({ name, operator, version }: Need): string => `${name}${operator ?? ""}${version ?? ""}`;

/** What an image lacks, a phrase for each need that is not met: `cuda>=12 (it has cuda 11.8)`. Empty where it has all. */
export function lacking(needs: readonly Need[], { capabilities = [], capabilityDetails = [] }: Offering): string[] {
  return needs.flatMap((need) => {
    const { name, operator, version: wanted } = need;
    const version = capabilityDetails.find((one) => one.name === name)?.version;
    const has = version !== undefined || capabilities.includes(name);
    if (!has) return needText(need);
    if (operator === undefined || wanted === undefined) return [];
    if (version === undefined) return `${needText(need)} (the version of its ${name} is not known)`;
    return compares(version, operator, wanted) ? [] : `${needText(need)} (it has ${name} ${version})`;
  });
}

/** As precisely as the need says: 12.4 is 12, is not above 12, and is above 11. */
function compares(version: string, operator: NonNullable<Need["operator"]>, wanted: string): boolean {
  const precision = wanted.split(".").length;
  const order = compareDotted(version.split(".").slice(0, precision).join("."), wanted);
  if (order === 0) return operator.includes("=");
  return operator.startsWith(order > 0 ? ">" : "<");
}
