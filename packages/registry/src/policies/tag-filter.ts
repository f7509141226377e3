import { ConfigurationError } from "@executor-registry/resolver";
import type { DropMark } from "./drops.ts";
import { TagPattern } from "./pattern.ts";

/** Signatures and attestations of cosign, and what is tagged as they are: of an image, and no image. */
const ARTIFACT = /^sha256-[0-9a-f]{64}(?:\..*)?$|\.(?:sig|att|sbom)$/;

/** As they are written in the configuration. */
export interface TagFilterSettings {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly extract?: string | undefined;
}

/** What was made of so many tags is kept. */
const MAX_KEPT = 20_000;

/** Leaves tags out before a policy reads them, and takes from the others what it reads. */
export class TagFilter {
  readonly #include: readonly TagPattern[];
  readonly #exclude: readonly TagPattern[];
  /** With a group `key`. */
  readonly #extract: TagPattern | undefined;
  readonly #kept = new Map<string, string | DropMark>();

  /** @throws ConfigurationError for a pattern that cannot be used */
  constructor({ include, exclude, extract }: TagFilterSettings) {
    this.#include = include.map(usable);
    this.#exclude = exclude.map(usable);
    this.#extract = extract === undefined ? undefined : usable(extract);
  }

  /** What a policy reads in place of a tag, or why it does not. @param isKept whether the tag will be asked for again */
  textOf(tag: string, isKept: boolean): string | DropMark {
    if (!isKept) return this.#textOf(tag);
    let text = this.#kept.get(tag);
    if (text === undefined) {
      if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
      this.#kept.set(tag, (text = this.#textOf(tag)));
    }
    return text;
  }

  /** What a policy reads in place of a tag, whether or not it is left out by another filter. */
  extracted(tag: string): string | undefined {
    return this.#extract === undefined ? tag : this.#extract.groups(tag)?.("key");
  }

  /** The pattern by which a tag is excluded. */
  excludedBy(tag: string): string | undefined {
    return this.#exclude.find((pattern) => pattern.matches(tag))?.source;
  }

  #textOf(tag: string): string | DropMark {
    if (ARTIFACT.test(tag)) return { code: "artifact-tag", tag };
    if (this.#exclude.some((pattern) => pattern.matches(tag))) return { code: "excluded", tag };
    const isIncluded = this.#include.length === 0 || this.#include.some((pattern) => pattern.matches(tag));
    return isIncluded ? (this.extracted(tag) ?? { code: "not-extracted", tag }) : { code: "not-included", tag };
  }
}

function usable(source: string): TagPattern {
  const pattern = TagPattern.parse(source);
  if (pattern instanceof TagPattern) return pattern;
  throw new ConfigurationError(`the pattern ${source}: ${pattern}`);
}
