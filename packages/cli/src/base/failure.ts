import { ExecutorRegistryError, ForbiddenError, RegistryServiceError } from "@executor-registry/resolver";
import { refusedSubject } from "@executor-registry/resolver/internal";
import { KubernetesError } from "@executor-registry/resolver/kubernetes";
import { UsageError } from "./usage-error.ts";

/** The exit code of wrong usage. */
export const WRONG_USAGE = 2;

/** The exit code of an error: that of its row in the tables of errors. */
export function exitOf(error: unknown): number {
  if (error instanceof UsageError) return WRONG_USAGE;
  return error instanceof ExecutorRegistryError ? error.row.exit : 1;
}

const UNREACHED = "`kubectl get --raw /version` asks the same server";

const GATEWAY = "the API server's roles did not refuse this; a proxy or gateway before it may have";

const SERVICE_HINTS: Readonly<Record<string, string>> = {
  unreachable: "--registry URL names another service; `curl URL/health` asks this one",
  timeout: "`curl URL/health` shows the service's health",
  forbidden: "the token's role does not allow it; its configuration's `auth` says which one does",
};

/** What to do about an error, where its message does not say so. */
export function hintOf(error: unknown, program: string): string | undefined {
  if (error instanceof UsageError) return `see \`${program} help${error.command ? ` ${error.command}` : ""}\``;
  if (!(error instanceof ExecutorRegistryError) || error instanceof ForbiddenError) return undefined;
  if (error instanceof RegistryServiceError) return SERVICE_HINTS[error.code];
  // Where there were no credentials to send, the message says why.
  if (error.code === "unauthorized" && !wasRefused(error)) return undefined;
  // Roles are about a user whom the API server's authorizer has named; a gateway before it refuses by rules of its own.
  if (error instanceof KubernetesError && error.code === "forbidden" && !refusedSubject(error.message)) return GATEWAY;
  return hints(program)[error.code];
}

/** Whether an API server answered, and said no. */
function wasRefused(error: unknown): boolean {
  if (error instanceof KubernetesError) return error.status !== undefined;
  return error instanceof Error && wasRefused(error.cause);
}

const hints = (program: string): Readonly<Record<string, string>> => ({
  "no-cluster": "--kubeconfig FILE names a cluster; --layout FOLDER answers from a folder of images, without one",
  forbidden: `\`${program} doctor\` prints the roles that are missing`,
  unauthorized: "the cluster does not know these credentials; they may have expired, log in again",
  unreachable: UNREACHED,
  timeout: UNREACHED,
});

/** The messages of the errors behind an error. */
export function causesOf(error: unknown): string[] {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? [cause.message, ...causesOf(cause)] : [];
}
