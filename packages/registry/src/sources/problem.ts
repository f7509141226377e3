import { type Digest, ExecutorRegistryError } from "@executor-registry/resolver";
import { RegistryError } from "../oci/wire/errors.ts";

/** One of our errors, to be reported; any other is a mistake in this program and is thrown on. */
export function problemOf(error: unknown): ExecutorRegistryError {
  if (error instanceof ExecutorRegistryError) return error;
  throw error;
}

/** What can never be read, by its own content, where the problem says so. */
export function lasting(problem: ExecutorRegistryError): { readonly digest?: Digest } {
  return problem instanceof RegistryError && problem.digest !== undefined ? { digest: problem.digest } : {};
}
