import { InvalidTemplateError, InvalidTypeError } from "./errors.ts";
import type { ImageReference } from "./reference.ts";
import { isPathComponent } from "./scan.ts";

/** How repositories of executors are called unless said otherwise. */
export const DEFAULT_TEMPLATE = "executor-{type}";

/** Decides whether a repository is an executor's, and of which type. */
export interface ExecutorTemplate {
  /** As written: `executor-{type}`, `team/{type}-runner`. */
  readonly text: string;
  /** The type of an image of this repository, or `undefined` when it is no executor. */
  typeOf(reference: Pick<ImageReference, "repository">): string | undefined;
  /** The repository path of a type, as far as the template says it. */
  repository(type: string): string;
}

const PLACEHOLDER = "{type}";
/** A type becomes the value of a Kubernetes label. */
const MAX_TYPE_CHARS = 63;

/**
 * Reads a template of one or more path segments, exactly one of which holds `{type}` once. It matches a repository whose
 * *last* segments are these, whole: `executor-{type}` matches `executor-ml` and `team/executor-ml`, never
 * `my-executor-ml-cache`, and a registry's host is never looked at.
 *
 * @throws InvalidTemplateError
 */
export function parseTemplate(text: string): ExecutorTemplate {
  const segments = text.split("/");
  const [before, after, ...more] = text.split(PLACEHOLDER);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new InvalidTemplateError(text, `it must hold ${PLACEHOLDER} exactly once`);
  }
  const wrong = segments.find((segment) => !isPathComponent(segment.replace(PLACEHOLDER, "x")));
  if (wrong !== undefined) {
    throw new InvalidTemplateError(
      text,
      `segment "${wrong}" is not lower-case letters and digits separated by . _ __ or dashes`,
    );
  }
  const place = segments.findIndex((segment) => segment.includes(PLACEHOLDER));
  const [prefix = "", postfix = ""] = (segments[place] ?? "").split(PLACEHOLDER);

  return {
    text,
    typeOf({ repository }) {
      const found = repository.split("/").slice(-segments.length);
      if (found.length < segments.length) return undefined;
      if (segments.some((segment, index) => index !== place && segment !== found[index])) return undefined;
      const name = found[place] ?? "";
      if (name.length < prefix.length + postfix.length || !name.startsWith(prefix) || !name.endsWith(postfix))
        return undefined;
      const type = name.slice(prefix.length, name.length - postfix.length);
      return isExecutorType(type) ? type : undefined;
    },
    repository: (type) => text.replace(PLACEHOLDER, () => type),
  };
}

/** Whether a text can name an executor type: one path component of a repository, at most 63 characters. */
export function isExecutorType(text: string): boolean {
  return text.length <= MAX_TYPE_CHARS && isPathComponent(text);
}

/**
 * Checks that a text can name an executor type: one path component of a repository, at most 63 characters.
 * @throws InvalidTypeError
 */
export function parseExecutorType(text: string): string {
  if (isExecutorType(text)) return text;
  const problem =
    text.length > MAX_TYPE_CHARS
      ? `it has more than ${MAX_TYPE_CHARS} characters`
      : "expected lower-case letters and digits, separated by one of . _ __ or dashes";
  throw new InvalidTypeError(text, problem);
}
