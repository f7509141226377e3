import type { z } from "zod";
import { type Place, RegistryError } from "./errors.ts";

/**
 * Foreign bytes as a typed value.
 * @param what in messages: what it should have been
 * @throws RegistryError code `registry-protocol`
 */
export function parseJson<T extends z.ZodType>(schema: T, bytes: Uint8Array, what: string, place: Place): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RegistryError("registry-protocol", `${what} is not JSON`, place, { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.join(".").slice(0, 100)}` : "";
  const why = `${what} is not as the specification says${where}: ${issue?.message.slice(0, 200) ?? "unknown"}`;
  throw new RegistryError("registry-protocol", why, place, { cause: parsed.error });
}
