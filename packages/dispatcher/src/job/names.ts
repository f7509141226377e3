import { createHash } from "node:crypto";
import { LABEL_PREFIX } from "@executor-registry/resolver/internal";

/** The value of `app.kubernetes.io/managed-by` on every Job. */
export const MANAGED_BY = "executor-registry";

/** The annotation by which a Job is known as that of a request. */
export const REQUEST_ID = `${LABEL_PREFIX}request-id`;

/** What kubectl and this package take the executor's container from. */
export const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

// A Job's name becomes a label value of its pods, and so has at most 63 characters.
const MAX_NAME_CHARS = 63;
const HASH = 16;

/**
 * The name of the Job of a request: the same for the same type and id, another for any other.
 * A DNS label, although a type may hold `.` and `_`.
 */
export function jobName(type: string, id: string): string {
  const hash = createHash("sha256").update(`${type}\n${id}`).digest("hex").slice(0, HASH);
  const readable = `executor-${type.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
  return `${readable.slice(0, MAX_NAME_CHARS - HASH - 1).replace(/-+$/, "")}-${hash}`;
}

/**
 * A text as a label's value: what is not allowed becomes `-`, what is too long is cut. Nothing when nothing is left.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */
export function labelValue(text: string): string | undefined {
  const value = text
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "")
    .slice(0, MAX_NAME_CHARS)
    .replace(/[._-]+$/, "");
  return value === "" ? undefined : value;
}
