import type { Fold } from "../journal/fold.ts";
import { type Change, isChange } from "../model/change.ts";
import { applyEntry, emptyCatalogue, indexRepository } from "./fold.ts";
import { type ImageHolder, ImageSet, type PackedImageSet } from "./image-set.ts";
import { interned } from "./interned.ts";
import { type CatalogueState, type CatalogueType, emptyType, type RepositoryReads } from "./state.ts";

/** The form of the texts below. */
const STORED_FORMAT = 12;

/** The first line of a type; its images are the others. */
interface StoredType extends Pick<PackedImageSet, "size"> {
  readonly holders: readonly (Omit<ImageHolder, "repository"> & { readonly repository: string })[];
  /** All that is kept of it besides its images. */
  readonly type: Omit<CatalogueType, "type" | "images">;
}

type StoredPolicies = {
  readonly [Name in "policy" | "versionPolicies" | "policiesSet"]: CatalogueState[Name] | undefined;
};

/** Repositories' names have a slash, types' none. */
const isRepository = (part: string): boolean => part.includes("/");

/** The part of what is of no type and no repository: the policies. No type has such a name. */
const POLICY_PART = ":policy";

/** The text of one part of the state: of a type, by its name, or of the looks at a repository. */
function serializePart(state: CatalogueState, part: string): string {
  if (part === POLICY_PART) {
    const { policy, versionPolicies, policiesSet } = state;
    return JSON.stringify({ policy, versionPolicies, policiesSet } satisfies StoredPolicies);
  }
  if (!isRepository(part)) return serializeType(state, part);
  const { repository: _, ...reads } = state.reads.get(part) ?? {};
  return JSON.stringify("unread" in reads ? reads : null);
}

/** Puts a part back that {@link serializePart} wrote, into the state. @throws Error for any other text */
function restorePart(state: CatalogueState, part: string, text: string): CatalogueState {
  if (part === POLICY_PART) {
    const { policy, versionPolicies, policiesSet } = JSON.parse(text) as StoredPolicies;
    if (policy !== undefined) state.policy = policy;
    if (versionPolicies !== undefined) state.versionPolicies = versionPolicies;
    if (policiesSet !== undefined) state.policiesSet = policiesSet;
    return state;
  }
  if (!isRepository(part)) return restoreType(state, part, text);
  const reads = JSON.parse(text) as Omit<RepositoryReads, "repository"> | null;
  const repository = interned.repository(part);
  if (reads) state.reads.set(repository.name, { repository, ...reads });
  return state;
}

function serializeType(state: CatalogueState, name: string): string {
  const { type: _, images, ...type } = state.types.get(name) ?? emptyType(name, new ImageSet(state.recent));
  const { images: text, size, holders: held } = images.packed;
  const holders = held.map(({ repository, ...holder }) => ({ repository: repository.name, ...holder }));
  return `${JSON.stringify({ type, size, holders } satisfies StoredType)}\n${text}`;
}

/** The images stay as they are until they are used. */
function restoreType(state: CatalogueState, name: string, text: string): CatalogueState {
  const end = text.indexOf("\n");
  const { type: kept, size, holders: held } = JSON.parse(text.slice(0, end)) as StoredType;
  const holders = held.map(({ repository, source, state: one }) => {
    return { repository: interned.repository(repository), source: interned.text(source), state: one };
  });
  const images = new ImageSet(state.recent, { size, holders, images: text.slice(end + 1) });
  const { claims, from, ...rest } = kept;
  const type = { ...rest, type: name, images, claims: claims.map(interned.claim) };
  state.types.set(name, from === undefined ? type : { ...type, from: interned.claim(from) });
  for (const repository of images.repositories()) indexRepository(state, repository, name);
  return state;
}

/** How the catalogue comes out of the journal, and how it is kept. */
export const CATALOGUE_FOLD: Fold<CatalogueState, Change> = {
  format: STORED_FORMAT,
  knows: isChange,
  initial: emptyCatalogue,
  apply: applyEntry,
  partOf: ({ change }) =>
    change.kind === "checkpoint" ? undefined : (change.type ?? change.repository ?? POLICY_PART),
  parts: ({ types, reads }) => [...types.keys(), ...reads.keys(), POLICY_PART],
  serialize: serializePart,
  restore: restorePart,
};
