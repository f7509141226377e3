import { RE2JS } from "re2js";
import { z } from "zod";

/** As long as tags can be. */
const MAX_TAG_CHARS = 128;
/** Of RE2's program: what a pattern costs is this times the tag's length at most. `[0-9a-f]{64}` has about 70. */
const MAX_PROGRAM = 500;

/** What a pattern may come to before it is read: reading takes 1 ms for each 1,500. */
const MAX_UNROLLED = 50_000;
/** RE2 itself allows no more, nested ones multiplied. */
const MAX_REPEAT = 1000;

/** At most how many steps a pattern comes to with its counted repetitions written out. */
function unrolled(source: string): number {
  let repeats = 1;
  for (const [, least, most] of source.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) repeats *= Math.max(Number(most || least), 1);
  return source.length * Math.min(repeats, MAX_REPEAT);
}

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
    if (unrolled(source) > MAX_UNROLLED) return "it is too large: repeat less in it";
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
  .max(256)
  .superRefine((source, context) => {
    const pattern = TagPattern.parse(source);
    if (typeof pattern === "string") context.addIssue({ code: "custom", message: pattern });
  });
