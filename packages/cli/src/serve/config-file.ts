import { existsSync } from "node:fs";
import { type Given, text } from "../base/parse-flags.ts";
import type { Io } from "../output/io.ts";
import { UsageError } from "../base/usage-error.ts";

const DEFAULT = "executor-registry.yaml";

/** A configuration that serves what a registry holds; everything it leaves out has a default. */
const SMALLEST = `sources:
  - name: main
    kind: oci
    host: registry.example
    repositories: ["executors/**"]
`;

/**
 * Which file configures the service: the one named, else that of `EXECUTOR_REGISTRY_CONFIG`, else one in this folder.
 * @param named by a flag or a word
 * @throws UsageError
 */
export function configFile(command: string, named: string | undefined, io: Io): string {
  const file = named ?? (io.env["EXECUTOR_REGISTRY_CONFIG"] || undefined);
  if (file !== undefined) return file;
  if (existsSync(DEFAULT)) return DEFAULT;
  throw new UsageError(
    `there is no configuration: neither EXECUTOR_REGISTRY_CONFIG nor a file ${DEFAULT}. The smallest is
${SMALLEST.replaceAll(/^/gm, "    ").trimEnd()}`,
    command,
  );
}

/** As {@link configFile}, named by `--config`. */
export const configFlag = (given: Given, io: Io): string => configFile("serve", text(given, "config"), io);
