import { type Digest, ExecutorRegistryError } from "@executor-registry/resolver";
import type { CatalogueImage, CatalogueType, Revision } from "../catalogue/state.ts";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import { refuseUnfit } from "./target.ts";

/** Where a rollback leads to. */
export interface Earlier {
  readonly revision: Revision;
  readonly image: CatalogueImage;
  /** What is left by it, and by those before it. */
  readonly left: readonly Digest[];
}

/**
 * The version that was served before the current one and may still be: while a rollback holds, the one before that which it went back to. What
 * rollbacks have left is passed over, so that one more never goes forward.
 * @param to a revision, instead of the last that fits
 * @param deniedBy why an image is denied; `undefined` where it is not
 * @throws ExecutorRegistryError `nothing-earlier`, `not-found` for a revision that is not kept, `version-not-admitted` for one that may not be a version
 */
export function earlierVersion(
  type: CatalogueType,
  current: Pick<CatalogueImage, "repository" | "digest"> | undefined,
  to: number | undefined,
  deniedBy: (image: CatalogueImage) => string | undefined,
): Earlier {
  const { pin, revisions, images } = type;
  const rolledBack = pin?.mode === "rollback" ? pin : undefined;
  const left = [...new Set([...(rolledBack?.left ?? []), ...(current ? [current.digest] : [])])];
  const imageOf = ({ repository, digest }: Revision) => images.get(repository, digest);
  if (to !== undefined) {
    const revision = revisions.find((one) => one.revision === to);
    const image = revision && imageOf(revision);
    if (revision === undefined || image === undefined) {
      const [first, last] = [revisions[0]?.revision, revisions.at(-1)?.revision];
      const kept = last === undefined ? "it has none" : `those from ${first} to ${last} are kept`;
      throw new ExecutorRegistryError("not-found", `${type.type} has no revision ${to}; ${kept}`);
    }
    refuseUnfit(type.type, image, deniedBy);
    return { revision, image, left };
  }
  const until = rolledBack?.restored ?? Infinity;
  for (const revision of revisions.toReversed()) {
    if (revision.revision >= until || left.includes(revision.digest)) continue;
    const image = imageOf(revision);
    if (image?.state === "admitted" && deniedBy(image) === undefined) return { revision, image, left };
  }
  const why = "no other version that it was answered with before is still admitted";
  const advice = `executor-registry pin ${type.type} --to VERSION holds any admitted one`;
  throw new ExecutorRegistryError(
    SERVICE_ERRORS["nothing-earlier"],
    `${type.type} cannot be rolled back: ${why}; ${advice}`,
  );
}
