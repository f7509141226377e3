import type { Metadata } from "../api/mirror.ts";

/**
 * When an object's specification or data last changed, ISO 8601 in UTC: the latest time of those who manage it. Who
 * manages only its status, as controllers do, is left out. See {@link valueTimes} for where these times are right.
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export function changedAt({ creationTimestamp, managedFields = [] }: Metadata): string | undefined {
  const own = managedFields.filter(({ fieldsV1 = {} }) => "f:spec" in fieldsV1 || "f:data" in fieldsV1);
  const times = own.flatMap(({ time }) => (time ? [time] : []));
  // Server-side apply leaves out the time of a second manager that applied the same: then the latest time is not known.
  if (times.length < own.length) return undefined;
  // The API writes all of them alike, so the order of the texts is that of the times.
  return times.sort().at(-1) ?? creationTimestamp;
}
