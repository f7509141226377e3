import { indexRepository } from "./fold.ts";
import type { ImageDetails } from "../model/image.ts";
import { ImageSet } from "./image-set.ts";
import { interned } from "./interned.ts";
import type { CatalogueImage, CatalogueState, CatalogueType, RepositoryReads } from "./state.ts";

/** The form of the texts below. */
export const STORED_FORMAT = 5;

/** A value with some members whose values others have too: these are numbers of places in the table of the type. */
type Shared<T, Names extends keyof T> = Omit<T, Names> & { -readonly [Name in Names]: T[Name] | number };

type StoredImage = Shared<
  Omit<CatalogueImage, "details">,
  "repository" | "source" | "verdicts" | "found" | "added" | "validatedAt"
> & { readonly details?: StoredDetails };

type StoredDetails = Shared<Omit<ImageDetails, "labels">, "mediaType" | "configType" | "platforms" | "created"> & {
  readonly labels: Record<string, string | number>;
};

interface StoredType {
  readonly claims: CatalogueType["claims"];
  readonly from?: CatalogueType["from"];
  readonly shared: readonly unknown[];
  readonly images: readonly StoredImage[];
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

/** The text of one type. What its images have in common, which is most of them, is in it once. */
function serializeType(state: CatalogueState, name: string): string {
  const type = state.types.get(name);
  const places = new Map<unknown, number>();
  const place = <T>(value: T): T | number => {
    if (value === undefined) return value;
    let at = places.get(value);
    if (at === undefined) places.set(value, (at = places.size));
    return at;
  };
  const images = [...(type?.images ?? [])].map(({ details, ...image }) => ({
    ...image,
    repository: place(image.repository),
    source: place(image.source),
    verdicts: place(image.verdicts),
    found: place(image.found),
    added: place(image.added),
    validatedAt: place(image.validatedAt),
    details: details && {
      ...details,
      mediaType: place(details.mediaType),
      configType: place(details.configType),
      platforms: place(details.platforms),
      created: place(details.created),
      labels: Object.fromEntries(Object.entries(details.labels).map(([label, value]) => [label, place(value)])),
    },
  }));
  return JSON.stringify({ claims: type?.claims ?? [], from: type?.from, shared: [...places.keys()], images });
}

/** Puts a type back that {@link serializeType} wrote, into the state. @throws Error for any other text */
function restoreType(state: CatalogueState, name: string, text: string): CatalogueState {
  const { claims, from, shared, images } = JSON.parse(text) as StoredType;
  const type: CatalogueType = { type: name, claims: claims.map(interned.claim), images: new ImageSet() };
  if (from !== undefined) type.from = interned.claim(from);
  state.types.set(name, type);
  // Lists are shared with other types too; texts are many, and mostly a type's own.
  const table = shared.map((value) => (Array.isArray(value) ? interned.list(value) : value));
  const valueAt = <T>(place: T | number): T => table[place as number] as T;
  // There may be many: each is completed where it is, since a copy would take as long again, and leave as much to collect.
  for (const image of images) {
    image.repository = valueAt(image.repository);
    image.source = valueAt(image.source);
    image.verdicts = valueAt(image.verdicts);
    image.found = valueAt(image.found);
    if (image.added !== undefined) image.added = valueAt(image.added);
    if (image.validatedAt !== undefined) image.validatedAt = valueAt(image.validatedAt);
    const { details } = image;
    if (details !== undefined) {
      details.mediaType = valueAt(details.mediaType);
      if (details.configType !== undefined) details.configType = valueAt(details.configType);
      details.platforms = valueAt(details.platforms);
      if (details.created !== undefined) details.created = valueAt(details.created);
      for (const label of Object.keys(details.labels)) details.labels[label] = valueAt(details.labels[label]) ?? "";
    }
    type.images.put(image as CatalogueImage);
  }
  for (const repository of type.images.repositories()) indexRepository(state, repository, name);
  return state;
}
