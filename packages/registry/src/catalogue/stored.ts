import { indexRepository } from "./fold.ts";
import { ImageSet, type PackedImageSet } from "./image-set.ts";
import { interned } from "./interned.ts";
import type { CatalogueState, CatalogueType, RepositoryReads } from "./state.ts";

/** The form of the texts below. */
export const STORED_FORMAT = 6;

/** The first line of a type; its images are the second. */
interface StoredType extends Omit<PackedImageSet, "images"> {
  readonly claims: CatalogueType["claims"];
  readonly from?: CatalogueType["from"];
}

/** Repositories' names have a slash, types' none. */
const isRepository = (part: string): boolean => part.includes("/");

/** The part of what is of no type and no repository. No type has such a name. */
export const POLICY_PART = ":policy";

/** The text of one part of the state: of a type, by its name, or of the looks at a repository. */
export function serializePart(state: CatalogueState, part: string): string {
  if (part === POLICY_PART) return JSON.stringify(state.policy ?? null);
  return isRepository(part) ? JSON.stringify(state.reads.get(part) ?? null) : serializeType(state, part);
}

/** Puts a part back that {@link serializePart} wrote, into the state. @throws Error for any other text */
export function restorePart(state: CatalogueState, part: string, text: string): CatalogueState {
  if (part === POLICY_PART) {
    const policy = JSON.parse(text) as string | null;
    if (policy !== null) state.policy = policy;
    return state;
  }
  if (!isRepository(part)) return restoreType(state, part, text);
  const reads = JSON.parse(text) as RepositoryReads | null;
  if (reads) state.reads.set(part, reads);
  return state;
}

function serializeType(state: CatalogueState, name: string): string {
  const { claims, from, images } = state.types.get(name) ?? { claims: [], images: new ImageSet(state.recent) };
  const { images: text, ...packed } = images.packed;
  return `${JSON.stringify({ claims, from, ...packed })}\n${text}`;
}

/** The images stay as they are until they are used. */
function restoreType(state: CatalogueState, name: string, text: string): CatalogueState {
  const end = text.indexOf("\n");
  const { claims, from, size, holders } = JSON.parse(text.slice(0, end)) as StoredType;
  const images = new ImageSet(state.recent, {
    size,
    holders: holders.map(interned.place),
    images: text.slice(end + 1),
  });
  const type: CatalogueType = { type: name, claims: claims.map(interned.place), images };
  if (from !== undefined) type.from = interned.place(from);
  state.types.set(name, type);
  for (const repository of images.repositories()) indexRepository(state, repository, name);
  return state;
}
