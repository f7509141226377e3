import { ERRORS, type ErrorRow } from "@executor-registry/resolver";
import { errorTable } from "@executor-registry/resolver/internal";

/** The errors that only this package knows. */
const OWN = errorTable({
  "registry-protocol": {
    title: "Invalid answer from the container registry",
    status: 502,
    exit: 1,
    retryable: true,
  },
  "digest-mismatch": { title: "Digest mismatch", status: 502, exit: 1, retryable: true },
  "refused-address": { title: "Forbidden network address", status: 502, exit: 1, retryable: false },
  "method-not-allowed": { title: "Method not allowed", status: 405, exit: 2, retryable: false },
  "too-large-request": { title: "Request body too large", status: 413, exit: 2, retryable: false },
  "unsupported-media-type": { title: "Unsupported media type", status: 415, exit: 2, retryable: false },
  "precondition-failed": { title: "Changed since it was read", status: 412, exit: 1, retryable: false },
  "idempotency-key-in-use": { title: "First request still running", status: 409, exit: 1, retryable: true },
  "idempotency-key-reused": {
    title: "Idempotency key of another request",
    status: 422,
    exit: 1,
    retryable: false,
  },
  "misdirected-request": { title: "Misdirected request", status: 421, exit: 2, retryable: false },
  "invalid-webhook": { title: "Invalid webhook event", status: 400, exit: 2, retryable: false },
  "invalid-configuration": { title: "Invalid configuration file", status: 500, exit: 2, retryable: false },
  "version-not-admitted": { title: "Version not admitted", status: 409, exit: 1, retryable: false },
  "nothing-earlier": { title: "No earlier version", status: 409, exit: 1, retryable: false },
  store: { title: "Store failure", status: 503, exit: 1, retryable: true },
});

/** Every error that the service can answer with, or that its command can end with. */
export const SERVICE_ERRORS = { ...ERRORS, ...OWN };

/** The codes of {@link SERVICE_ERRORS}. */
type ServiceErrorCode = keyof typeof SERVICE_ERRORS;

/** The row of a code that a journal holds; one that this release does not know is a failure of a container registry. */
export function errorRow(code: string): ErrorRow {
  const known = Object.hasOwn(SERVICE_ERRORS, code);
  return known ? SERVICE_ERRORS[code as ServiceErrorCode] : { ...OWN["registry-protocol"], code };
}
