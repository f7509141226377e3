/** Most bytes of a manifest, as registries accept them. */
export const MANIFEST_LIMIT = 4 << 20;
/** Most bytes of an image's configuration. */
export const CONFIG_LIMIT = 8 << 20;
/** Most bytes of one page of a list. Debian's registry lists every tag on one. */
export const PAGE_LIMIT = 16 << 20;
/** A list this long is a loop, or not ours to read. */
export const MOST_PAGES = 1000;
