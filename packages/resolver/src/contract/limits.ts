/**
 * Bounds that the service keeps to and the client insists on, so that nothing the service serves is refused by its client.
 * Bytes of JSON in UTF-8.
 */

/** One executor's document. */
export const DOCUMENT_BYTES = 256 * 1024;
/** A problem's body, lists of known types included. */
export const PROBLEM_BYTES = 256 * 1024;
/** The list of all executors. */
export const LIST_BYTES = 64 * 1024 * 1024;
