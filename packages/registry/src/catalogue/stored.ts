import { indexRepository } from "./fold.ts";
import { type ImageHolder, ImageSet, type PackedImageSet } from "./image-set.ts";
import { interned } from "./interned.ts";
import type { CatalogueState, CatalogueType, RepositoryReads } from "./state.ts";

/** The form of the texts below. */
export const STORED_FORMAT = 7;

/** The first line of a type; its images are the others. */
interface StoredType extends Pick<PackedImageSet, "size"> {
  readonly holders: readonly (Omit<ImageHolder, "repository"> & { readonly repository: string })[];
  readonly claims: CatalogueType["claims"];
  readonly from?: CatalogueType["from"];
  readonly answer?: CatalogueType["answer"];
}

/** Repositories' names have a slash, types' none. */
const isRepository = (part: string): boolean => part.includes("/");

/** The part of what is of no type and no repository. No type has such a name. */
export const POLICY_PART = ":policy";

/** The text of one part of the state: of a type, by its name, or of the looks at a repository. */
export function serializePart(state: CatalogueState, part: string): string {
  if (part === POLICY_PART) return JSON.stringify(state.policy ?? null);
  if (!isRepository(part)) return serializeType(state, part);
  const { repository: _, ...reads } = state.reads.get(part) ?? {};
  return JSON.stringify("unread" in reads ? reads : null);
}

/** Puts a part back that {@link serializePart} wrote, into the state. @throws Error for any other text */
export function restorePart(state: CatalogueState, part: string, text: string): CatalogueState {
  if (part === POLICY_PART) {
    const policy = JSON.parse(text) as string | null;
    if (policy !== null) state.policy = policy;
    return state;
  }
  if (!isRepository(part)) return restoreType(state, part, text);
  const reads = JSON.parse(text) as Omit<RepositoryReads, "repository"> | null;
  const repository = interned.repository(part);
  if (reads) state.reads.set(repository.name, { repository, ...reads });
  return state;
}

function serializeType(state: CatalogueState, name: string): string {
  const { claims, from, answer, images } = state.types.get(name) ?? {
    claims: [],
    images: new ImageSet(state.recent),
  };
  const { images: text, size, holders: held } = images.packed;
  const holders = held.map(({ repository, ...holder }) => ({ repository: repository.name, ...holder }));
  const stored = { claims, ...(from && { from }), ...(answer && { answer }), size, holders } satisfies StoredType;
  return `${JSON.stringify(stored)}\n${text}`;
}

/** The images stay as they are until they are used. */
function restoreType(state: CatalogueState, name: string, text: string): CatalogueState {
  const end = text.indexOf("\n");
  const { claims, from, answer, size, holders: held } = JSON.parse(text.slice(0, end)) as StoredType;
  const holders = held.map(({ repository, source, state: one }) => {
    return { repository: interned.repository(repository), source: interned.text(source), state: one };
  });
  const images = new ImageSet(state.recent, { size, holders, images: text.slice(end + 1) });
  const type: CatalogueType = { type: name, claims: claims.map(interned.claim), images };
  if (from !== undefined) type.from = interned.claim(from);
  if (answer !== undefined) type.answer = answer;
  state.types.set(name, type);
  for (const repository of images.repositories()) indexRepository(state, repository, name);
  return state;
}
