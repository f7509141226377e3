import { ExecutorRegistryError } from "@executor-registry/resolver";

/** One of our errors, to be reported; any other is a mistake in this program and is thrown on. */
export function problemOf(error: unknown): ExecutorRegistryError {
  if (error instanceof ExecutorRegistryError) return error;
  throw error;
}
