import { z } from "zod";

const FORM = "expected either {file: PATH} or {env: NAME}";

const Place = z
  .strictObject(
    { file: z.string().min(1).optional(), env: z.string().min(1).optional() },
    // The value itself may be the secret: it is not quoted.
    { error: (issue) => (issue.code === "invalid_type" ? "expected {file: PATH} or {env: NAME}" : undefined) },
  )
  .refine(({ file, env }) => (file === undefined) !== (env === undefined), FORM);

/** Where a secret is: in a file, or in an environment variable. */
export type SecretPlace = z.output<typeof Place>;

/** The place that is written; nothing where something else is. */
export const secretPlaceOf = (written: unknown): SecretPlace | undefined => Place.safeParse(written).data;

/** What was read at a secret's place, or why nothing was. It replaces the place before the schema runs; no YAML can write it. */
export class ReadSecret {
  readonly read: { readonly text: string } | { readonly problem: string };

  constructor(read: ReadSecret["read"]) {
    this.read = read;
  }
}

/** How a place is written, in the configuration's JSON Schema. */
const SHAPE = {
  title: "secret",
  type: "object",
  properties: { file: { type: "string", minLength: 1 }, env: { type: "string", minLength: 1 } },
  additionalProperties: false,
} as const;

/**
 * A secret, by where it is: `{file: PATH}` (as Kubernetes mounts them) or `{env: NAME}`. Never in the configuration itself, which
 * people print. Read before the schema runs; a reload reads it again.
 */
export const Secret = z.unknown().transform(readText).meta(SHAPE);

/** A text that may be written in the configuration itself, such as a public key, or where it is. */
export const TextOrPlace = z
  .unknown()
  .transform((written, context): string => (typeof written === "string" ? written : readText(written, context)))
  .meta({ title: "secret" });

function readText(written: unknown, context: z.RefinementCtx): string {
  if (written instanceof ReadSecret) {
    if ("text" in written.read) return written.read.text;
    context.addIssue({ code: "custom", message: written.read.problem });
    return z.NEVER;
  }
  const { error } = Place.safeParse(written);
  if (error === undefined) throw new TypeError("secrets are read before the schema runs");
  for (const issue of error.issues) {
    const { path, message } = issue;
    if (issue.code === "unrecognized_keys") context.addIssue({ code: issue.code, keys: issue.keys, path, message });
    else context.addIssue({ code: "custom", path, message });
  }
  return z.NEVER;
}

/** A secret of a form. @param message does not repeat it */
export const secretThat = (holds: (secret: string) => boolean, message: string) =>
  // A refinement forgets what its schema is.
  Secret.refine(holds, message).meta(SHAPE);
