import type { Metadata } from "../mirror.ts";

/**
 * When an object's specification or data last changed, ISO 8601 in UTC: the latest time of those who manage it. Who
 * manages only its status, as controllers do, is left out.
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export function changedAt({ creationTimestamp, managedFields = [] }: Metadata): string | undefined {
  const times = managedFields.flatMap(({ time, fieldsV1 = {} }) =>
    time && ("f:spec" in fieldsV1 || "f:data" in fieldsV1) ? [time] : [],
  );
  // The API writes all of them alike, so the order of the texts is that of the times.
  return times.sort().at(-1) ?? creationTimestamp;
}
