import type { Kept, Wanted } from "./json-walk.ts";

/** A package that an SBOM lists. */
export interface SbomPackage {
  readonly name: string;
  readonly version?: string | undefined;
  /** As it is written. */
  readonly purl?: string | undefined;
}

/** One format of SBOMs: where its packages are, and what they say. */
export interface SbomFormat {
  /** For people: `SPDX 2`. */
  readonly title: string;
  /** Members of the document that show which format it is. */
  readonly texts: readonly string[];
  /** Whether a document with these members is of this format. */
  matches(texts: ReadonlyMap<string, string>): boolean;
  /** The members of the document that hold packages. @param found given each object that may be one */
  within(found: (object: Kept) => void): ReadonlyMap<string, Wanted>;
  /** The package that an object is; `undefined` for what is no package, such as the image itself. */
  packageOf(object: Kept): SbomPackage | undefined;
}

/** What an SBOM calls the image itself, whose name is no evidence of what is in it. */
const WHOLES: ReadonlySet<string> = new Set(["container", "operating-system", "operatingsystem", "file"]);
export const isWhole = (purpose: string | undefined): boolean =>
  purpose !== undefined && WHOLES.has(purpose.toLowerCase());
