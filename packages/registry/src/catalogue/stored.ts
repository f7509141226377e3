import { emptyCatalogue, put } from "./fold.ts";
import { interned } from "./interned.ts";
import { imageKey, type CatalogueImage, type CatalogueState, type CatalogueType } from "./state.ts";

interface StoredType {
  readonly type: string;
  readonly claims: CatalogueType["claims"];
  readonly images: readonly CatalogueImage[];
}

/** The text of a snapshot of the state. */
export function serializeCatalogue(state: CatalogueState): string {
  const types: StoredType[] = [...state.types.values()].map(({ type, claims, images }) => ({
    type,
    claims,
    images: [...images.values()],
  }));
  return JSON.stringify({ version: 1, types });
}

/**
 * The state of a text that {@link serializeCatalogue} wrote.
 * @throws Error for any other text; the journal is replayed from its start then
 */
export function parseCatalogue(text: string): CatalogueState {
  const { version, types } = JSON.parse(text) as { version: unknown; types: readonly StoredType[] };
  if (version !== 1) throw new Error(`a snapshot of version ${String(version)}; this release reads version 1`);
  const state = emptyCatalogue();
  for (const { type: name, claims, images } of types) {
    const type: CatalogueType = { type: name, claims: claims.map(interned.claim), images: new Map() };
    state.types.set(name, type);
    for (const image of images) {
      const shared: CatalogueImage = {
        ...image,
        ...interned.image(image),
        source: interned.text(image.source),
        verdicts: interned.verdicts(image.verdicts),
      };
      put(state, type, imageKey(image.repository, image.digest), shared);
    }
  }
  return state;
}
