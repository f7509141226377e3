import { ERRORS, type ErrorRow } from "@executor-registry/resolver";
import { errorTable } from "@executor-registry/resolver/internal";

/** The errors that only this package knows. */
const OWN = errorTable({
  "registry-protocol": {
    title: "The container registry's answer is none of the OCI distribution API",
    status: 502,
    exit: 1,
    retryable: true,
  },
  "digest-mismatch": { title: "The bytes are not what their digest says", status: 502, exit: 1, retryable: true },
  "refused-address": { title: "An address that must not be contacted", status: 502, exit: 1, retryable: false },
  "invalid-webhook": { title: "Not an event of this sender", status: 400, exit: 2, retryable: false },
  "invalid-configuration": { title: "Mistakes in the configuration file", status: 500, exit: 2, retryable: false },
  store: { title: "The store cannot be read or written", status: 503, exit: 1, retryable: true },
  "broken-journal": { title: "The journal's chain does not hold", status: 500, exit: 1, retryable: false },
});

/** Every error that the service can answer with, or that its command can end with. */
export const SERVICE_ERRORS = { ...ERRORS, ...OWN };

/** The codes of {@link SERVICE_ERRORS}. */
export type ServiceErrorCode = keyof typeof SERVICE_ERRORS;

/** The row of a code that a journal holds; one that this release does not know is a failure of a container registry. */
export function errorRow(code: string): ErrorRow {
  const known = Object.hasOwn(SERVICE_ERRORS, code);
  return known ? SERVICE_ERRORS[code as ServiceErrorCode] : { ...OWN["registry-protocol"], code };
}
