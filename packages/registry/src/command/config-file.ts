import { existsSync } from "node:fs";

/** The command line cannot be understood. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const DEFAULT_FILE = "executor-registry.yaml";

/** A configuration that serves what a registry holds; everything it leaves out has a default. */
const SMALLEST = `sources:
  - name: main
    kind: oci
    host: registry.example
    repositories: ["executors/**"]
checks:
  approvedNamespaces: ["registry.example/executors/**"]
`;

/**
 * Which file configures the service: the one named, else that of `EXECUTOR_REGISTRY_CONFIG`, else one in this folder.
 * @param named by a flag or a word
 * @throws UsageError
 */
export function configFile(named: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const file = named ?? (env["EXECUTOR_REGISTRY_CONFIG"] || undefined);
  if (file !== undefined) return file;
  if (existsSync(DEFAULT_FILE)) return DEFAULT_FILE;
  throw new UsageError(
    `there is no configuration: neither EXECUTOR_REGISTRY_CONFIG nor a file ${DEFAULT_FILE}. The smallest is
${SMALLEST.replaceAll(/^/gm, "    ").trimEnd()}`,
  );
}
