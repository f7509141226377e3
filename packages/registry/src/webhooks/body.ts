import { z } from "zod";
import { InvalidWebhookError } from "./errors.ts";

/** Things in one body. Real senders send some hundreds at most; each costs a look at a name. */
export const MAX_ITEMS = 1000;

/** A list of what an event names: how long it is is looked at before what is in it. */
export const listOf = <T extends z.ZodType>(item: T) => z.array(z.unknown()).max(MAX_ITEMS).pipe(z.array(item));

/**
 * The JSON of a body as a typed value.
 * @throws InvalidWebhookError that names where it is wrong
 */
export function parseBody<T extends z.ZodType>(kind: string, schema: T, body: Uint8Array | string): z.output<T> {
  return parseValue(kind, schema, parseJsonText(kind, body), "");
}

/** As {@link parseBody}, for a value within the body. @param path where the value stands in it */
export function parseValue<T extends z.ZodType>(kind: string, schema: T, value: unknown, path: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  // Schemas hold no records, so that a path is made of the schema's words and not of the body's.
  const where = [...(path === "" ? [] : [path]), ...(issue?.path ?? [])].join(".");
  // The cause is left out: it may quote the body.
  throw new InvalidWebhookError(kind, where, `is not what this sender sends: ${issue?.message ?? "unknown"}`);
}

function parseJsonText(kind: string, body: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof body === "string" ? body : new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new InvalidWebhookError(kind, "", "is not JSON. Have the sender send application/json");
  }
}
