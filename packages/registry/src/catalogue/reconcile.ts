import type { Digest, Repository } from "@executor-registry/resolver";
import type { ListedImage } from "../sources/image-source.ts";
import type { Entry } from "../journal/entry.ts";
import type { Change } from "../model/change.ts";
import { type ImageDetails, type ImageRecord, isDescribed } from "../model/image.ts";
import type { Naming } from "../model/naming.ts";
import { informativeTags } from "../model/version-tag.ts";
import type { Span } from "../tracing/tracer.ts";
import type { CatalogueImage, CatalogueState, RepositoryReads } from "./state.ts";

/** A complete look at one repository, with what was learnt about its images. */
export interface Observation {
  readonly source: string;
  /** The head of the journal when the look began. */
  readonly since: number;
  readonly repository: Repository;
  /** Empty when the repository is gone. */
  readonly images: readonly ListedImage[];
  /** Tags that could not be read: what they named stays as it is. */
  readonly unread: ReadonlySet<string>;
  /** Says why images that are not listed are gone. */
  readonly gone: string;
  readonly details: ReadonlyMap<Digest, ImageDetails>;
  /** Of images that no tag names any more: whether the registry still has them, where it was asked. */
  readonly presence: ReadonlyMap<Digest, Presence>;
}

/** Whether a registry has an image that no tag names. `unknown`: it could not say so. */
export type Presence = "there" | "gone" | "unknown";

type Found = Extract<Change, { kind: "image-found" }>;
/** What was seen to happen: a change, but that an image which was found is not judged yet. */
export type Seen = Exclude<Change, Found> | Omit<Found, "verdicts">;

/** A change, and why it is made. */
export interface Reasoned<Kind = Change> {
  readonly reason: string;
  readonly change: Kind;
}

/**
 * Writes down what `decide` makes of the state. It is asked more than once, and must do nothing but decide.
 * @param by who saw it, and why it was looked for: put before each reason; `span` is that of the look
 * @returns the entries, once they are durable
 * @throws StoreError when it could not be written; nothing has changed then
 */
export type Recording = (
  by: { readonly actor: string; readonly why?: string; readonly span?: Span },
  decide: (state: CatalogueState) => readonly Reasoned<Seen>[],
) => Promise<readonly Entry<Change>[]>;

export const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** The images of an observation, by type; each with the tags that make it one of that type. */
function byType({ images, repository: { path } }: Observation, naming: Naming): Map<string, Map<Digest, ListedImage>> {
  const types = new Map<string, Map<Digest, ListedImage>>();
  for (const image of images) {
    for (const tag of image.tags) {
      for (const type of naming.typesOf(path, tag)) {
        const ofType = types.get(type) ?? new Map<Digest, ListedImage>();
        const tags = [...(ofType.get(image.digest)?.tags ?? []), tag];
        types.set(type, ofType.set(image.digest, { ...image, tags }));
      }
    }
  }
  return types;
}

/**
 * The changes that make the catalogue agree with what was seen. Decides by the state it is given alone, so that it can
 * be asked again when somebody else changed the catalogue meanwhile.
 */
export function reconcile(state: CatalogueState, seen: Observation, naming: Naming): readonly Reasoned<Seen>[] {
  const listed = byType(seen, naming);
  const types = new Set([...listed.keys(), ...(state.repositories.get(seen.repository.name) ?? [])]);
  return [...types].flatMap((type) => reconcileType(state, seen, type, listed.get(type) ?? new Map()));
}

function reconcileType(
  state: CatalogueState,
  seen: Observation,
  type: string,
  listed: ReadonlyMap<Digest, ListedImage>,
): readonly Reasoned<Seen>[] {
  const { name } = seen.repository;
  const known: ReadonlyMap<Digest, CatalogueImage> = state.types.get(type)?.images.of(name) ?? new Map();
  const changes = [...listed.values()].flatMap((image) =>
    compareImage(type, seen, image, known.get(image.digest), state.reads.get(name)),
  );
  for (const image of known.values()) {
    if (image.state === "withdrawn" || listed.has(image.digest)) continue;
    if (image.tags.some((tag) => seen.unread.has(tag))) continue;
    const presence = seen.presence.get(image.digest);
    if (presence === "unknown" || (presence === "there" && image.untagged)) continue;
    const reason = withdrawal(image, seen);
    const about = { type, repository: name, digest: image.digest };
    const kind = presence === "there" ? "image-untagged" : "image-withdrawn";
    changes.push({ reason, change: { kind, ...about, reason } });
  }
  return [...movedTags(type, name, known.values(), listed), ...changes];
}

/** The tags that name another image than before. */
function movedTags(
  type: string,
  repository: string,
  known: Iterable<CatalogueImage>,
  listed: ReadonlyMap<Digest, ListedImage>,
): readonly Reasoned<Seen>[] {
  const named = new Map<string, Digest>();
  for (const { digest, tags } of listed.values()) for (const tag of tags) named.set(tag, digest);
  return [...known].flatMap(({ digest: from, state, untagged, tags }) => {
    if (state === "withdrawn" || untagged) return [];
    return tags.flatMap((tag) => {
      const digest = named.get(tag);
      if (digest === undefined || digest === from) return [];
      const reason = `tag ${tag} names ${digest} now; it named ${from}`;
      return { reason, change: { kind: "tag-moved" as const, type, repository, digest, tag, from } };
    });
  });
}

function withdrawal({ tags }: CatalogueImage, { images, gone }: Observation): string {
  const moved = tags.find((tag) => images.some((image) => image.tags.includes(tag)));
  return moved === undefined ? gone : `tag ${moved} names another image now`;
}

/**
 * When an image was there first, by the looks: one that could not be read was there before it could be. Of a tag whose image could never be
 * read it is known what it named, and that it names another now.
 */
function firstSeen(
  digest: Digest,
  tags: readonly string[],
  { since }: Observation,
  reads: RepositoryReads | undefined,
): number {
  if (reads === undefined || reads.unread.length === 0) return since;
  const oldest = Math.min(...reads.unread.map((unread) => unread.since ?? 0));
  const seen = tags.map((tag) => {
    const unread = reads.unread.find((one) => one.tag === tag);
    if (unread === undefined) return reads.unreadTotal > reads.unread.length ? oldest : since;
    return unread.digest === undefined || unread.digest === digest ? (unread.since ?? 0) : since;
  });
  return Math.min(since, ...seen);
}

/** An image that each commit tags again has thousands. */
function named(tags: readonly string[]): string {
  const named = informativeTags(tags, 10);
  const more = tags.length - named.length;
  return named.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function compareImage(
  type: string,
  seen: Observation,
  { digest, tags, pushed }: ListedImage,
  known: CatalogueImage | undefined,
  reads: RepositoryReads | undefined,
): Reasoned<Seen>[] {
  const about = { type, repository: seen.repository.name, digest };
  const details = seen.details.get(digest);
  if (known === undefined || known.state === "withdrawn" || known.source !== seen.source) {
    const kept = details ?? known?.details;
    const image: ImageRecord = {
      repository: seen.repository.name,
      digest,
      tags,
      ...(pushed === undefined ? {} : { pushed }),
      ...(kept === undefined ? {} : { details: kept }),
    };
    const how = known === undefined ? "was found" : known.state === "withdrawn" ? "is back" : "is now this source's";
    const reason = `${how}, as ${named(tags)}`;
    return [
      {
        reason,
        change: {
          kind: "image-found",
          ...about,
          source: seen.source,
          since: firstSeen(digest, tags, seen, reads),
          image,
        },
      },
    ];
  }
  const changes: Reasoned<Seen>[] = [];
  const kept = known.tags.filter((tag) => seen.unread.has(tag) && !tags.includes(tag));
  const now = [...tags, ...kept].sort();
  if (known.untagged || !same(known.tags, now)) {
    const reason = `its tags are ${named(now)}; ${known.untagged ? "none named it" : `they were ${named(known.tags)}`}`;
    changes.push({ reason, change: { kind: "image-tagged", ...about, tags: now } });
  }
  if (details !== undefined && !isDescribed(known.details) && !same(details, known.details)) {
    changes.push({ reason: "its configuration was read", change: { kind: "image-described", ...about, details } });
  }
  return changes;
}
