import type { Io } from "../output/io.ts";
import { type Given, text } from "../base/parse-flags.ts";
import { UsageError } from "../base/usage-error.ts";

/** Where a registry service answers. */
export interface Registry {
  /** Comma separated. */
  readonly url: string;
  readonly tokenFile?: string;
}

/** The flags that name a cluster, or what stands in for one. */
const ELSEWHERE = ["layout", "service", "context", "kubeconfig", "namespace"] as const;

/**
 * The registry service that `--registry` names, or the environment where no flag names a cluster.
 * @throws UsageError
 */
export function registryOf(given: Given, io: Io): Registry | undefined {
  const elsewhere = ELSEWHERE.find((flag) => text(given, flag) !== undefined);
  const flag = text(given, "registry");
  if (flag !== undefined && elsewhere !== undefined) {
    throw new UsageError(`--registry names what answers, so --${elsewhere} has no meaning with it`);
  }
  const development = elsewhere !== undefined || io.env["EXECUTOR_ENVIRONMENT"] === "development";
  const fromEnvironment = development ? undefined : io.env["EXECUTOR_REGISTRY_URL"];
  const url = flag ?? (fromEnvironment || undefined);
  const tokenFile = text(given, "token-file") ?? (io.env["EXECUTOR_REGISTRY_TOKEN_FILE"] || undefined);
  if (url === undefined) {
    if (text(given, "token-file") === undefined) return undefined;
    throw new UsageError("--token-file is for the service that --registry or EXECUTOR_REGISTRY_URL names");
  }
  return { url, ...(tokenFile !== undefined && { tokenFile }) };
}
