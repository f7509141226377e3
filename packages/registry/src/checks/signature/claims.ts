import type { Digest } from "@executor-registry/resolver";
import { z } from "zod";
import { jsonOf } from "./legacy.ts";
import type { Refusal, Verified } from "./verification.ts";

/** What `cosign sign` states of an image since its version 3. */
export const SIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1";
const IN_TOTO = "application/vnd.in-toto+json";

const texts = z.record(z.string(), z.unknown()).nullish();
const SimpleSigning = z.object({
  critical: z.object({
    type: z.literal("cosign container image signature"),
    image: z.object({ "docker-manifest-digest": z.string() }),
  }),
  optional: texts,
});
const InToto = z.object({
  _type: z.enum(["https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"]),
  predicateType: z.string().min(1),
  subject: z.array(z.object({ digest: z.record(z.string(), z.string()), annotations: texts })),
  predicate: z.unknown().optional(),
});

/** A statement about one image. */
export interface Statement {
  readonly predicateType: string;
  readonly predicate: unknown;
  /** What was stated of the image by `cosign sign -a`. */
  readonly annotations: Readonly<Record<string, unknown>>;
}

/** What signed bytes say of the image; a refusal where they are about another, or about something else. */
export function statementOf(verified: Verified, image: Digest): Statement | Refusal {
  if (verified.payloadType === undefined) return simpleSigning(verified.payload, image);
  if (verified.payloadType !== IN_TOTO) return mismatch("what it signs is not a statement about an image");
  const statement = InToto.safeParse(jsonOf(verified.payload)).data;
  if (statement === undefined) return mismatch("the statement that it signs cannot be read");
  const [algorithm = "", hex = ""] = image.split(":");
  const subject = statement.subject.find(({ digest }) => Object.hasOwn(digest, algorithm) && digest[algorithm] === hex);
  if (subject === undefined) return mismatch("the statement that it signs is about another image");
  const { predicateType, predicate } = statement;
  return { predicateType, predicate, annotations: subject.annotations ?? {} };
}

/** @see https://github.com/sigstore/cosign/blob/v2.6.2/specs/SIGNATURE_SPEC.md#simple-signing */
function simpleSigning(payload: Uint8Array, image: Digest): Statement | Refusal {
  const said = SimpleSigning.safeParse(jsonOf(payload)).data;
  if (said === undefined) return mismatch("what it signs is not a cosign payload");
  const { image: signed } = said.critical;
  if (signed["docker-manifest-digest"] !== image) return mismatch("the payload that it signs is of another image");
  return { predicateType: SIGN_PREDICATE, predicate: {}, annotations: said.optional ?? {} };
}

/** Which of the required annotations a statement does not have. */
export const missingAnnotation = (
  { annotations }: Statement,
  required: Readonly<Record<string, string>>,
): string | undefined =>
  Object.entries(required).find(
    ([name, value]) => !Object.hasOwn(annotations, name) || annotations[name] !== value,
  )?.[0];

const mismatch = (refused: string): Refusal => ({ code: "claim-mismatch", refused });
