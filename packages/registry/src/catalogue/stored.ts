import { put } from "./fold.ts";
import type { ImageDetails } from "../model/image.ts";
import { ImageSet } from "./image-set.ts";
import { keptLabels } from "../model/labels.ts";
import { interned } from "./interned.ts";
import type { CatalogueImage, CatalogueState, CatalogueType, RepositoryReads } from "./state.ts";

/** The form of the texts below. */
export const STORED_FORMAT = 4;

/** An image whose members that others have too are numbers of places in the table of its type. */
type StoredImage = Omit<CatalogueImage, "repository" | "source" | "verdicts" | "details"> & {
  readonly repository: number;
  readonly source: number;
  readonly verdicts: number;
  readonly details?: StoredDetails;
};

type StoredDetails = Omit<ImageDetails, "mediaType" | "configType" | "platforms" | "created" | "labels"> & {
  readonly mediaType: number;
  readonly configType?: number;
  readonly platforms: number;
  readonly created?: number;
  readonly labels: Readonly<Record<string, number>>;
};

interface StoredType {
  readonly claims: CatalogueType["claims"];
  readonly from?: CatalogueType["from"];
  readonly shared: readonly unknown[];
  readonly images: readonly StoredImage[];
}

/** Repositories' names have a slash, types' none. */
const isRepository = (part: string): boolean => part.includes("/");

/** The text of one part of the state: of a type, by its name, or of the looks at a repository. */
export function serializePart(state: CatalogueState, part: string): string {
  return isRepository(part) ? JSON.stringify(state.reads.get(part) ?? null) : serializeType(state, part);
}

/** Puts a part back that {@link serializePart} wrote, into the state. @throws Error for any other text */
export function restorePart(state: CatalogueState, part: string, text: string): CatalogueState {
  if (!isRepository(part)) return restoreType(state, part, text);
  const reads = JSON.parse(text) as RepositoryReads | null;
  if (reads) state.reads.set(part, reads);
  return state;
}

/** The text of one type. What its images have in common, which is most of them, is in it once. */
function serializeType(state: CatalogueState, name: string): string {
  const type = state.types.get(name);
  const places = new Map<unknown, number>();
  const place = (value: unknown): number => {
    let at = places.get(value);
    if (at === undefined) places.set(value, (at = places.size));
    return at;
  };
  const images = [...(type?.images ?? [])].map((image): StoredImage => {
    const { repository, source, verdicts, details, ...own } = image;
    const common = { repository: place(repository), source: place(source), verdicts: place(verdicts) };
    if (details === undefined) return { ...own, ...common };
    const { mediaType, configType, platforms, created, labels, ...others } = details;
    return {
      ...own,
      ...common,
      details: {
        ...others,
        mediaType: place(mediaType),
        ...(configType !== undefined && { configType: place(configType) }),
        platforms: place(platforms),
        ...(created !== undefined && { created: place(created) }),
        labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, place(value)])),
      },
    };
  });
  const stored: StoredType = { claims: type?.claims ?? [], from: type?.from, shared: [...places.keys()], images };
  return JSON.stringify(stored);
}

/** Puts a type back that {@link serializeType} wrote, into the state. @throws Error for any other text */
function restoreType(state: CatalogueState, name: string, text: string): CatalogueState {
  const { claims, from, shared, images } = JSON.parse(text) as StoredType;
  const type: CatalogueType = { type: name, claims: claims.map(interned.claim), images: new ImageSet() };
  if (from !== undefined) type.from = interned.claim(from);
  state.types.set(name, type);
  // Lists are shared with other types too; texts are many, and mostly a type's own.
  const table = shared.map((value) => (Array.isArray(value) ? interned.list(value) : value));
  const textAt = (place: number): string => table[place] as string;
  const times = new Map<string, string>();
  /** Most images of a scan, and the times of one image, have one time. */
  const time = (at: string): string => {
    const known = times.get(at);
    if (known === undefined) times.set(at, at);
    return known ?? at;
  };
  const detailsOf = (stored: StoredDetails): ImageDetails => {
    const { mediaType, configType, artifactType, foreignLayer, holdsImage, platforms, sizeBytes, created, labels } =
      stored;
    return {
      mediaType: textAt(mediaType),
      ...(configType !== undefined && { configType: textAt(configType) }),
      ...(artifactType !== undefined && { artifactType }),
      ...(foreignLayer !== undefined && { foreignLayer }),
      ...(holdsImage !== undefined && { holdsImage }),
      platforms: table[platforms] as ImageDetails["platforms"],
      labels: keptLabels(Object.fromEntries(Object.entries(labels).map(([name, at]) => [name, textAt(at)]))),
      ...(sizeBytes !== undefined && { sizeBytes }),
      ...(created !== undefined && { created: textAt(created) }),
    };
  };
  for (const {
    repository,
    digest,
    tags,
    source,
    state: became,
    verdicts,
    found,
    since,
    sequence,
    details,
    ...rest
  } of images) {
    const { pushed, added, validatedAt, withdrawn } = rest;
    // Member by member: what is copied as a whole takes more room, and there are many.
    put(state, type, {
      repository: textAt(repository),
      digest,
      tags,
      source: textAt(source),
      state: became,
      verdicts: table[verdicts] as CatalogueImage["verdicts"],
      found: time(found),
      since,
      sequence,
      ...(pushed !== undefined && { pushed }),
      ...(details && { details: detailsOf(details) }),
      ...(added !== undefined && { added: time(added) }),
      ...(validatedAt !== undefined && { validatedAt: time(validatedAt) }),
      ...(withdrawn && { withdrawn }),
    });
  }
  return state;
}
