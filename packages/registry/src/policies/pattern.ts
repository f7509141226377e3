import { RE2JS } from "re2js";
import { z } from "zod";

/** As long as tags can be. */
const MAX_TAG_CHARS = 128;
/** Of RE2's program: what a pattern costs is this times the tag's length at most. `[0-9a-f]{64}` has about 70. */
const MAX_PROGRAM = 500;

/** A regular expression for tags, in RE2's syntax: it takes linear time, whatever the pattern and the tag. Unanchored. */
export class TagPattern {
  readonly source: string;
  /** Of its groups. */
  readonly names: readonly string[];
  readonly #engine: RE2JS;

  private constructor(engine: RE2JS, source: string) {
    this.#engine = engine;
    this.source = source;
    this.names = Object.keys(engine.namedGroups());
  }

  /** A pattern, or what is wrong with it. @see https://github.com/google/re2/wiki/Syntax */
  static parse(source: string): TagPattern | string {
    let engine: RE2JS;
    try {
      engine = RE2JS.compile(source);
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      return `it is no regular expression in RE2's syntax: ${said.replace(/^error parsing regexp: /, "")}`;
    }
    const size = engine.programSize();
    if (size > MAX_PROGRAM) return `it is too large (${size} steps; ${MAX_PROGRAM} at most): repeat less in it`;
    return new TagPattern(engine, source);
  }

  matches(tag: string): boolean {
    return tag.length <= MAX_TAG_CHARS && this.#engine.test(tag);
  }

  /** What its named groups match, by name; undefined where it does not match, or the group took no part. */
  groups(tag: string): Groups | undefined {
    if (tag.length > MAX_TAG_CHARS) return undefined;
    const matcher = this.#engine.matcher(tag);
    return matcher.find() ? (name) => matcher.group(name) ?? undefined : undefined;
  }
}

/** The text of a named group. */
export type Groups = (name: string) => string | undefined;

/** A pattern in the configuration. */
export const PatternText = z
  .string()
  .min(1)
  .max(512)
  .superRefine((source, context) => {
    const pattern = TagPattern.parse(source);
    if (typeof pattern === "string") context.addIssue({ code: "custom", message: pattern });
  });
