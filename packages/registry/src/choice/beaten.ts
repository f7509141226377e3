import { pinnedName } from "@executor-registry/resolver";
import type { CatalogueImage, CatalogueType } from "../catalogue/state.ts";
import { oneLine } from "../model/one-line.ts";
import type { Current } from "./current.ts";
import { contextOf, type Grounds } from "./rules.ts";

/** Why an image that passes is not the current version. */
export interface Beaten {
  /** In a sentence. */
  readonly why: string;
  /** The rule of the version policy that leaves it out. */
  readonly drop?: { readonly code: string; readonly detail: string };
  /** The version that goes before it, and what decides between the two. */
  readonly beatenBy?: { readonly image: string; readonly version: string; readonly reason: string };
}

/** By which rule an image that passes is left out, or which version goes before it and why. */
export function beaten(
  image: CatalogueImage,
  current: Current | undefined,
  type: CatalogueType,
  grounds: Grounds,
): Beaten {
  const { versions: rules } = grounds.rules;
  const context = contextOf(type, image.repository.name, grounds);
  const drop = rules.dropOf(image, context);
  if (drop !== undefined) {
    const { code, detail } = drop;
    if (image.untagged && code === "tag-moved") return { why: oneLine(detail) };
    return { why: oneLine(`the version policy leaves it out: ${detail}`), drop: { code, detail: oneLine(detail) } };
  }
  if (current === undefined) return { why: "the type has no version now" };
  const { why, reason = why } = lost(image, current, type, grounds);
  const { repository, digest } = current.image;
  const beatenBy = { image: pinnedName(repository, digest), version: current.version, reason: oneLine(reason) };
  return { why: oneLine(why), beatenBy };
}

/** What decides between an image and the current version; `reason` where it is not the whole sentence. */
function lost(
  image: CatalogueImage,
  current: Current,
  type: CatalogueType,
  grounds: Grounds,
): { readonly why: string; readonly reason?: string } {
  const { versions: rules } = grounds.rules;
  const context = contextOf(type, image.repository.name, grounds);
  const { name: repository } = current.image.repository;
  if (image.repository.name !== repository) {
    const own = type.claims.find((claim) => claim.repository === image.repository.name);
    const order = own?.equal ? "was there first" : "comes first in the configuration";
    return { why: `the version is taken from ${repository}, which ${order}` };
  }
  const winner = { image: current.image, tag: current.version };
  const loser = rules.evaluate([image], { ...context, eligible: () => true }).pick;
  // Pinned, or kept though it fails, for example.
  if (current.pin || loser === undefined || (rules.compare(winner, loser, context) ?? -1) < 0) {
    return { why: `${current.version} is the version: ${current.reason}`, reason: current.reason };
  }
  return { why: rules.decisive(winner, loser, context) };
}
