import { z } from "zod";

/**
 * Members of manifests and configurations as other clients take them: what is null, missing or of another kind says nothing. Only what
 * an image's identity hangs on (digests, which form it has) is held to the specification.
 */
export const looseText = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === "string" ? value.toWellFormed() : undefined));

/** The members of an object that are texts. More than `most` are not looked at, so that the caller can refuse them. */
export function textMembers(value: unknown, most: number): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  if (typeof value !== "object" || value === null || Array.isArray(value)) return members;
  for (const [name, text] of Object.entries(value)) {
    if (members.size > most) break;
    if (typeof text === "string") members.set(name.toWellFormed(), text.toWellFormed());
  }
  return members;
}

const PLATFORM_PART = /^[A-Za-z0-9._-]{1,64}$/;

/** `os/architecture[/variant]`; `undefined` where either is not said. */
export function platformName(os: unknown, architecture: unknown, variant: unknown): string | undefined {
  const said = (part: unknown): part is string => typeof part === "string" && PLATFORM_PART.test(part);
  if (!said(os) || !said(architecture)) return undefined;
  return [os, architecture, ...(said(variant) ? [variant] : [])].join("/");
}

/** As Go's encoding/json compares names: any case, with the two letters beyond ASCII that have one within it. */
const folded = (name: string): string => name.toUpperCase().toLowerCase();

/**
 * A member that has one of these names in another case. Go's parser takes it for that name, and the last of several counts: container
 * runtimes would run what was not looked at.
 */
export function ambiguousMember(value: unknown, names: readonly string[]): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const known = new Map(names.map((name) => [folded(name), name]));
  return Object.keys(value).find((name) => (known.get(folded(name)) ?? name) !== name);
}
