import { createHash } from "node:crypto";
import { z } from "zod";

/** Names one request of one caller, who may send it again. */
export interface RequestName {
  /** Keys are each caller's own. */
  readonly caller: string;
  readonly key: string;
  /** The same only for the same key and the same request. */
  readonly hash: string;
}

/** What a caller asks of a request that changes something, so that nothing is changed that it did not see, and nothing twice. */
export interface Conditions {
  /** The entity tag of the state that the caller has seen, with its quotes; any state where absent. */
  readonly ifMatch?: string;
  /** When the request comes again, it is answered as it was, and nothing is done. */
  readonly name?: RequestName;
}

const MAX_KEY_LENGTH = 255;
const QUOTED = new RegExp(`^"(?:[ !#-\\[\\]-~]|\\\\["\\\\]){1,${MAX_KEY_LENGTH}}"$`);

/** The headers of these conditions, as they come in. */
export const ConditionHeaders = z.object({
  "if-match": z
    .string()
    .regex(/^(?:\*|(?:W\/)?"[!#-~]*")$/, 'expected one ETag with its quotes, such as "17", or *')
    .optional()
    .meta({ description: "The `ETag` of what the caller has seen; 412 where something else is there by now" }),
  "idempotency-key": z
    .string()
    .regex(QUOTED, `expected a text of 1 to ${MAX_KEY_LENGTH} characters in quotes, such as a UUID: "8e03978e-…"`)
    .optional()
    .meta({
      description:
        "A text in quotes that names this request, best a UUID. For 24 hours, the same request of the same caller is answered as it was the first " +
        "time, with `Idempotency-Replayed: true`, and does nothing again",
    }),
});

/** What checked headers ask for. @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07 */
export function conditionsOf(
  headers: z.output<typeof ConditionHeaders>,
  caller: string,
  request: { readonly method: string; readonly url: string; readonly body: unknown },
): Conditions {
  const { "if-match": ifMatch, "idempotency-key": quoted } = headers;
  const key = quoted?.slice(1, -1).replaceAll(/\\(["\\])/g, "$1");
  return {
    ...(ifMatch !== undefined && ifMatch !== "*" && { ifMatch }),
    ...(key !== undefined && {
      name: { caller, key, hash: hashOf([caller, key, request.method, request.url], request) },
    }),
  };
}

function hashOf(texts: readonly string[], { body }: { readonly body: unknown }): string {
  const hash = createHash("sha256").update(JSON.stringify(texts));
  if (body instanceof Buffer) hash.update(body);
  return hash.digest("hex");
}
