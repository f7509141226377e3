import { ExecutorRegistryError } from "../tools/errors.ts";

/** The part of a reference, template or type that is wrong. */
export type ReferencePart = "reference" | "registry" | "repository" | "tag" | "digest";

const QUOTED = 80;

/** The text as an error may repeat it: printable and short. */
function quote(text: string): string {
  const start = JSON.stringify(text.slice(0, QUOTED));
  return text.length > QUOTED ? `${start.slice(0, -1)}…" (${text.length} characters)` : start;
}

/** A text that is no image reference. `offset` counts UTF-16 units from the start of `text`. */
export class InvalidReferenceError extends ExecutorRegistryError {
  override readonly name = "InvalidReferenceError";
  readonly text: string;
  readonly part: ReferencePart;
  readonly offset: number;

  constructor(text: string, part: ReferencePart, offset: number, problem: string) {
    super("invalid-reference", `invalid ${part} at offset ${offset} of ${quote(text)}: ${problem}`);
    this.text = text;
    this.part = part;
    this.offset = offset;
  }
}

/** A text that is no executor template. */
export class InvalidTemplateError extends ExecutorRegistryError {
  override readonly name = "InvalidTemplateError";
  readonly template: string;

  constructor(template: string, problem: string) {
    super("invalid-template", `invalid executor template ${quote(template)}: ${problem}`);
    this.template = template;
  }
}

/** A text that cannot name an executor type. */
export class InvalidTypeError extends ExecutorRegistryError {
  override readonly name = "InvalidTypeError";
  readonly type: string;

  constructor(type: string, problem: string) {
    super("invalid-type", `invalid executor type ${quote(type)}: ${problem}`);
    this.type = type;
  }
}
