import { ExecutorRegistryError } from "@executor-registry/resolver";

/** An error as it is logged: our own by their message, others with the stack, which shows where the mistake is. */
export function problemFields(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof ExecutorRegistryError) return { code: error.code, problem: error.message };
  return { code: "internal", err: error };
}
