import type { Metadata } from "../mirror.ts";

/**
 * When an object's specification last changed, ISO 8601 in UTC: the latest of its field managers' times.
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export function changedAt({ creationTimestamp, managedFields = [] }: Metadata): string | undefined {
  const times = managedFields.flatMap(({ time, subresource }) => (time && subresource === undefined ? [time] : []));
  // The API writes all of them alike, so the order of the texts is that of the times.
  return times.sort().at(-1) ?? creationTimestamp;
}
