/** Most bytes of a manifest, as registries accept them. */
export const MANIFEST_LIMIT = 4 << 20;
/** Most bytes of an image's configuration: as many as Podman, CRI-O and Skopeo read. Real ones have some ten thousand. */
export const CONFIG_LIMIT = 4 << 20;
/** Bytes of configurations that one client holds at the same time, however many it reads. */
export const CONFIGS_LIMIT = 2 * CONFIG_LIMIT;
/** Most members of lists and objects in a manifest or configuration. An image has 127 layers and some hundred labels at most. */
export const DOCUMENT_VALUES = 100_000;
/** Most bytes of one page of a list. Debian's registry lists every tag on one. */
export const PAGE_LIMIT = 16 << 20;
/** Most bytes of all pages of one list: some million names, which are held at the same time. */
export const LIST_LIMIT = 32 << 20;
/** A list this long is a loop, or not ours to read. */
export const MAX_PAGES = 1000;
