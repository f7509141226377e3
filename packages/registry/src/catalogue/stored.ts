import { put } from "./fold.ts";
import { interned } from "./interned.ts";
import { ImageSet } from "./image-set.ts";
import type { CatalogueImage, CatalogueState, CatalogueType } from "./state.ts";

/** The form of the texts below. */
export const STORED_FORMAT = 2;

interface StoredType {
  readonly claims: CatalogueType["claims"];
  readonly images: readonly CatalogueImage[];
}

/** The text of one type. */
export function serializeType(state: CatalogueState, name: string): string {
  const type = state.types.get(name);
  const stored: StoredType = { claims: type?.claims ?? [], images: [...(type?.images ?? [])] };
  return JSON.stringify(stored);
}

/** Puts a type back that {@link serializeType} wrote, into the state. @throws Error for any other text */
export function restoreType(state: CatalogueState, name: string, text: string): CatalogueState {
  const { claims, images } = JSON.parse(text) as StoredType;
  const type: CatalogueType = { type: name, claims: claims.map(interned.claim), images: new ImageSet() };
  state.types.set(name, type);
  const shared = sharedTexts();
  for (const image of images) {
    const { found, added, validated, verdicts, source } = image;
    put(state, type, {
      ...image,
      ...interned.image(image),
      source: interned.text(source),
      verdicts: interned.verdicts(verdicts),
      found: shared(found),
      ...(added === undefined ? {} : { added: shared(added) }),
      ...(validated === undefined ? {} : { validated: shared(validated) }),
    });
  }
  return state;
}

/** One text for those that are equal: an image's times, and those of all that were found by one scan, mostly are. */
function sharedTexts(): (text: string) => string {
  const texts = new Map<string, string>();
  return (text) => {
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    return known ?? text;
  };
}
