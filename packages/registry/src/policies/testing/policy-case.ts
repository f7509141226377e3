import type { CatalogueImage } from "../../catalogue/state.ts";

/** A policy, what it is given, and what it makes of that. */
export interface PolicyCase {
  readonly why: string;
  readonly policy: object;
  /** Tags of images that differ in nothing else, or images. */
  readonly images: string | readonly CatalogueImage[];
  /** The tag that is shown; nothing is picked where absent. */
  readonly pick?: string;
  /** Of the image, where tags do not tell. */
  readonly digest?: string;
  readonly warning?: RegExp;
  readonly reason?: RegExp;
  /** The policy cannot be set. */
  readonly refused?: RegExp;
}
