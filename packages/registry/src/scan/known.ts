import { type Digest, ExecutorRegistryError, taggedName, type Repository } from "@executor-registry/resolver";
import { errorRow } from "../errors/service-errors.ts";
import { hash } from "node:crypto";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Choices } from "../choice/choices.ts";
import type { KnownRepository } from "../sources/image-source.ts";

/** Whether it is a tag's turn to be looked up, of those that should not move. */
export type Turn = (tag: string) => boolean;

/** Within this time each tag has its turn once, in milliseconds: also one that is pushed over without an event is seen then. */
const ROUND_MS = 24 * 3600_000;

/**
 * The turns that fall between two looks at a repository. Each tag has its own moment of the round, so that a look at thousands of tags looks
 * up a few of them.
 */
export function turnsBetween(repository: Repository, from: number, until: number): Turn {
  if (until - from >= ROUND_MS) return () => true;
  return (tag) => {
    const moment = hash("sha1", taggedName(repository, tag), "buffer").readUInt32BE(0) % ROUND_MS;
    const next = from - ((((from - moment) % ROUND_MS) + ROUND_MS) % ROUND_MS) + ROUND_MS;
    return next <= until;
  };
}

/** What the catalogue knows of a repository: the images that are still there, and what was found to be unreadable for good. */
export function knownOf(choices: Choices, repository: Repository, turn: Turn = () => false): KnownRepository {
  const { catalogue } = choices;
  const images = catalogue.imagesOf(repository.name);
  const byTag = new Map<string, Digest>();
  for (const { state, tags, digest } of images.values()) {
    if (state !== "withdrawn") for (const tag of tags) byTag.set(tag, digest);
  }
  for (const { tag, digest } of catalogue.readsOf(repository.name)?.unread ?? []) {
    if (digest !== undefined) byTag.set(tag, digest);
  }
  const unreadable = unreadableIn(catalogue, repository);
  const served = choices.servedTags(repository);
  return {
    tags: byTag.keys(),
    isDue: (tag) => served.has(tag) || turn(tag),
    digestOf: (tag) => byTag.get(tag),
    unreadable: (digest) => unreadable.get(digest),
    hasDetails: (digest) => images.get(digest)?.details !== undefined,
  };
}

/** The images of a repository that were found to be unreadable for good, and why. */
export function unreadableIn(catalogue: Catalogue, { name }: Repository): ReadonlyMap<Digest, ExecutorRegistryError> {
  const unreadable = new Map<Digest, ExecutorRegistryError>();
  for (const { digest, code, reason } of catalogue.readsOf(name)?.unread ?? []) {
    if (digest !== undefined)
      unreadable.set(digest, new ExecutorRegistryError(errorRow(code), reason, { retryable: false }));
  }
  return unreadable;
}
