import type { CatalogueImage, CatalogueType } from "../catalogue/state.ts";
import { oneLine } from "../model/one-line.ts";
import type { Evaluation, EvaluationContext, Standing, VersionRules } from "../policies/rules.ts";

/** Why a version is held that the policy would not choose now. */
export interface Condition {
  /**
   * - `NoMatch`: no admitted image matches the policy
   * - `TagGone`: no tag makes it a version any more, and the others are lower
   */
  readonly code: "NoMatch" | "TagGone";
  readonly message: string;
}

/** The version that stays. */
export interface Held extends Standing {
  readonly condition: Condition;
}

/**
 * The version that is served, where the policy has nothing for it or would go down, and nobody decided that: what a listing misses is no
 * reason to run an older image. A changed policy, a denial, a pin and an unpin may go down; so may an image that fails, or that its registry has no more.
 */
export function heldVersion(
  type: CatalogueType,
  repository: string,
  { pick, reason }: Evaluation,
  rules: VersionRules,
  context: EvaluationContext,
): Held | undefined {
  const served = type.revisions.at(-1);
  if (served === undefined || served.repository !== repository || served.decidedBy === "pin") return undefined;
  const image = type.images.get(repository, served.digest);
  if (image === undefined || image.state !== "admitted" || image.digest === pick?.image.digest) return undefined;
  const drop = rules.dropOf(image, context);
  if (drop?.code === "denied") return undefined;
  const standing = { image, tag: served.version };
  if (pick === undefined) {
    return rules.onEmpty === "refuse" ? undefined : { ...standing, condition: emptied(image, served.version, reason) };
  }
  // A version as before, which others have beaten, or one that another policy chose.
  if ((drop === undefined && !image.untagged) || served.rules !== rules.fingerprint) return undefined;
  if ((rules.compare(pick, standing, context) ?? 0) >= 0) return undefined;
  const message = `${goneFrom(image, served.version)}, and the best of the others, ${pick.tag}, is lower; it is held as long as its registry has it. To go down, roll the type back or pin another version`;
  return { ...standing, condition: { code: "TagGone", message: oneLine(message) } };
}

const emptied = (image: CatalogueImage, version: string, reason: string): Condition =>
  image.untagged
    ? {
        code: "TagGone",
        message: oneLine(`${goneFrom(image, version)}, and ${reason}; it is held as long as its registry has it`),
      }
    : { code: "NoMatch", message: oneLine(`${reason}; the last version, ${version}, is kept`) };

const goneFrom = ({ untagged, tags }: CatalogueImage, version: string): string =>
  untagged
    ? `${version} has no tag any more (${untagged.reason})`
    : `the tag ${version} is gone from it (it has ${tags.join(", ")})`;
