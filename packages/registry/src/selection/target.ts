import { type Digest, ExecutorRegistryError, isDigest, pinnedName, shortDigest } from "@executor-registry/resolver";
import type { CatalogueImage, CatalogueType } from "../catalogue/state.ts";
import { unfit } from "../choice/pinned.ts";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import { oneLine } from "../model/one-line.ts";
import type { Verdict } from "../model/verdict.ts";
import { versionTag } from "../model/version-tag.ts";

/** An image that cannot be the version of a type. */
class NotAdmittedError extends ExecutorRegistryError {
  override readonly name = "NotAdmittedError";
  readonly verdicts: readonly Verdict[];

  constructor(type: string, { repository, digest, tags, verdicts }: CatalogueImage, why: string) {
    const which = `${versionTag(tags)} of ${type} (${pinnedName(repository, digest)})`;
    super(SERVICE_ERRORS["version-not-admitted"], oneLine(`${which} ${why}`));
    this.verdicts = verdicts;
  }
}

/** An image that somebody named, by the version that they know. */
interface Target {
  readonly image: CatalogueImage;
  readonly version: string;
}

/**
 * The admitted image that a tag or a digest names; of several repositories the one that the type is resolved from comes first.
 * @param deniedBy why an image is denied; `undefined` where it is not
 * @throws ExecutorRegistryError `not-found` for one that the type never had, `version-not-admitted` for one that may not be a version
 */
export function targetOf(
  { type, images, claims }: CatalogueType,
  name: string,
  deniedBy: (image: CatalogueImage) => string | undefined,
): Target {
  const meant = [...images].filter((image) => (isDigest(name) ? image.digest === name : image.tags.includes(name)));
  const place = ({ state, untagged, repository }: CatalogueImage): number =>
    (state === "admitted" ? (untagged ? 2 : 0) : state === "withdrawn" ? 6 : 4) +
    (claims[0]?.repository === repository.name ? 0 : 1);
  const [image] = meant.sort((a, b) => place(a) - place(b));
  if (image === undefined) {
    const advice = `executor-registry versions ${type} lists those that it has`;
    throw new ExecutorRegistryError("not-found", `${type} has no image ${name}, and never had; ${advice}`);
  }
  refuseUnfit(type, image, deniedBy);
  return { image, version: isDigest(name) ? versionTag(image.tags) : name };
}

/** @throws ExecutorRegistryError `version-not-admitted` */
export function refuseUnfit(
  type: string,
  image: CatalogueImage,
  deniedBy: (image: CatalogueImage) => string | undefined,
): void {
  const denied = deniedBy(image);
  const why = image.state !== "admitted" ? unfit(image) : denied === undefined ? undefined : `is denied: ${denied}`;
  if (why !== undefined) throw new NotAdmittedError(type, image, why);
}

/** A digest in a sentence: `sha256:` and the first twelve digits. */
export const shownDigest = (digest: Digest): string =>
  `${digest.slice(0, digest.indexOf(":"))}:${shortDigest(digest)}…`;
