import { type Digest, pinnedName, type Repository } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Presence } from "../catalogue/reconcile.ts";
import { type ImageSource, type ListedImage, problemOf } from "../sources/image-source.ts";
import type { Look } from "./ingest.ts";

/** The images of a repository that types are answered with, or that are pinned, and that no tag names in a listing. */
export function heldOutside(
  catalogue: Catalogue,
  { name }: Repository,
  listed: readonly ListedImage[],
): ReadonlySet<Digest> {
  const named = new Set(listed.map(({ digest }) => digest));
  const held = catalogue.typesIn(name).flatMap((typeName) => {
    const { revisions, pin, images } = catalogue.type(typeName) ?? { revisions: [] };
    return [revisions.at(-1), pin].flatMap((one) => {
      if (one === undefined || one.repository !== name || named.has(one.digest)) return [];
      return images?.get(name, one.digest)?.state === "withdrawn" ? [] : [one.digest];
    });
  });
  return new Set(held);
}

/** Asks the registry for images by their digests: that no tag names one says nothing of whether it can be run. */
export async function presenceOf(
  digests: Iterable<Digest>,
  asked: {
    readonly source: ImageSource;
    readonly repository: Repository;
    readonly look: Pick<Look, "confirmed" | "present">;
    readonly signal: AbortSignal;
  },
): Promise<ReadonlyMap<Digest, Presence>> {
  const { source, repository, look, signal } = asked;
  const presence = new Map<Digest, Presence>();
  for (const digest of digests) {
    const image = pinnedName(repository, digest);
    try {
      await source.reader(repository).manifest(digest, signal);
      look.present(image);
      presence.set(digest, "there");
    } catch (error) {
      signal.throwIfAborted();
      const gone = problemOf(error).code === "not-found" && look.confirmed(image);
      presence.set(digest, gone ? "gone" : "unknown");
    }
  }
  return presence;
}
