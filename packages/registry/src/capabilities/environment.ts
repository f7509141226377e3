import { z } from "zod";
import { parseJson } from "../oci/wire/json.ts";
import type { Place } from "../oci/wire/errors.ts";
import { CONFIG_LIMIT, DOCUMENT_VALUES } from "../oci/wire/limits.ts";
import { platformName } from "../oci/wire/loose.ts";
import type { RepositoryReader } from "../oci/read/repository-reader.ts";
import type { PlatformPart } from "./image-parts.ts";
import { Evidence, isMeant } from "./evidence.ts";

const Configuration = z.object({
  os: z.unknown().optional(),
  architecture: z.unknown().optional(),
  variant: z.unknown().optional(),
  config: z
    .unknown()
    .optional()
    .transform((run) => (Object(run) as { readonly Env?: unknown }).Env),
});

const VARIABLES = 1000;
/** Of one value. */
const CHARACTERS = 1024;
/** @see https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html#constraints */
const REQUIREMENT = /^NVIDIA_REQUIRE_/;
const DISABLED = "NVIDIA_DISABLE_REQUIRE";

/** What the configuration of one platform's image says. */
export interface Environment {
  readonly platform?: string;
  readonly evidence: Evidence;
}

/** What the variables and the platform of an image declare. @throws RegistryError where its configuration cannot be read */
export async function readEnvironment(
  { manifest, platform }: PlatformPart,
  reader: RepositoryReader,
  place: Place,
  signal: AbortSignal,
): Promise<Environment> {
  const { digest } = manifest.config;
  const bytes = await reader.blob(digest, CONFIG_LIMIT, signal);
  const bounds = { values: DOCUMENT_VALUES, digest: manifest.digest };
  const { os, architecture, variant, config } = parseJson(
    Configuration,
    bytes,
    `configuration ${digest}`,
    place,
    bounds,
  );
  const evidence = environmentEvidence(variablesOf(config));
  const named = platform ?? platformName(os, architecture, variant);
  if (named !== undefined) addPlatform(evidence, named);
  return { evidence, ...(named !== undefined && { platform: named }) };
}

/** What variables declare. Of those that mean nothing here the values are not looked at. */
function environmentEvidence(variables: ReadonlyMap<string, string>): Evidence {
  const evidence = new Evidence();
  for (const [name, value] of variables) evidence.addVariable(name, value);
  if (isTrue(variables.get(DISABLED))) return evidence;
  for (const [name, value] of variables) {
    const version = REQUIREMENT.test(name) ? requiredCuda(value) : undefined;
    if (version === undefined) continue;
    // What the driver must offer: it says more than nothing where no variable names the toolkit's version.
    if (evidence.list.some((found) => found.name === "cuda")) continue;
    const shown = `${name}=${value}`;
    evidence.add({ name: "cuda", version, from: "environment", strength: "declared", evidence: shown });
  }
  return evidence;
}

/** `12.4` of `cuda>=12.4 brand=tesla,driver>=470`: clauses are alternatives, their parts have to hold together. */
function requiredCuda(value: string): string | undefined {
  const parts = value.split(/[\s,]+/);
  return parts.flatMap((part) => /^cuda>=(\d{1,9}(?:\.\d{1,9}){0,2})$/.exec(part)?.[1] ?? [])[0];
}

/** As Go's strconv.ParseBool has it. */
const isTrue = (value: string | undefined): boolean => /^(?:1|t|true)$/i.test(value ?? "");

/** The architecture, and the operating system where it is not the usual one. */
function addPlatform(evidence: Evidence, platform: string): void {
  const [os = "", architecture = ""] = platform.toLowerCase().split("/");
  for (const name of [architecture, ...(os === "linux" ? [] : [os])]) {
    if (/^[a-z0-9]+$/.test(name)) evidence.add({ name, from: "platform", strength: "found", evidence: platform });
  }
}

function variablesOf(env: unknown): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  if (!Array.isArray(env)) return variables;
  for (const variable of env.slice(0, VARIABLES)) {
    if (typeof variable !== "string" || variable.length > CHARACTERS) continue;
    const at = variable.indexOf("=");
    const name = variable.slice(0, at);
    if (at > 0 && (isMeant(name) || REQUIREMENT.test(name) || name === DISABLED))
      variables.set(name, variable.slice(at + 1).toWellFormed());
  }
  return variables;
}
