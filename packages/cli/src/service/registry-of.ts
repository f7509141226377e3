import { ConfigurationError } from "@executor-registry/resolver";
import { parseBaseUrls } from "@executor-registry/resolver/internal";
import type { Io } from "../output/io.ts";
import { type Given, text } from "../base/parse-flags.ts";
import { UsageError } from "../base/usage-error.ts";

/** Where a registry service answers. */
export interface Registry {
  /** The first that answers counts. */
  readonly urls: readonly URL[];
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
  const where = flag === undefined ? "EXECUTOR_REGISTRY_URL" : "--registry";
  return { urls: parseUrls(url, where), ...(tokenFile !== undefined && { tokenFile }) };
}

/** @param text comma separated @throws UsageError */
function parseUrls(text: string, where: string): readonly URL[] {
  const given = text.split(",").map((one) => one.trim());
  const texts = given.filter((one) => one !== "");
  try {
    return parseBaseUrls(texts.length > 0 ? texts : given, where, "--token-file or EXECUTOR_REGISTRY_TOKEN_FILE");
  } catch (error) {
    throw error instanceof ConfigurationError ? new UsageError(error.message) : error;
  }
}
