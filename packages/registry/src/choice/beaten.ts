import type { CatalogueImage, CatalogueType } from "../catalogue/state.ts";
import { oneLine } from "../model/one-line.ts";
import type { Current } from "./current.ts";
import { contextOf, type Grounds } from "./rules.ts";

/** Why an image that passes is not the current version: by which rule it is left out, or which version is, and what decides between the two. */
export function beaten(
  image: CatalogueImage,
  current: Current | undefined,
  type: CatalogueType,
  grounds: Grounds,
): string {
  const { versions: rules } = grounds.rules;
  const context = contextOf(type, image.repository.name, grounds);
  const drop = rules.dropOf(image, context);
  if (drop !== undefined) return oneLine(`the version policy leaves it out: ${drop.detail}`);
  if (image.untagged) return oneLine(`no tag names it any more: ${image.untagged.reason}`);
  if (current === undefined) return "the type has no version now";
  const { name: repository } = current.image.repository;
  if (image.repository.name !== repository) {
    const own = type.claims.find((claim) => claim.repository === image.repository.name);
    const order = own?.equal ? "was there first" : "comes first in the configuration";
    return oneLine(`the version is taken from ${repository}, which ${order}`);
  }
  const winner = { image: current.image, tag: current.version };
  const loser = rules.evaluate([image], { ...context, eligible: () => true }).pick;
  // Pinned, or kept though it fails, for example.
  if (current.pin || loser === undefined || (rules.compare(winner, loser, context) ?? -1) < 0) {
    return oneLine(`${current.version} is the version: ${current.reason}`);
  }
  return oneLine(rules.decisive(winner, loser, context));
}
