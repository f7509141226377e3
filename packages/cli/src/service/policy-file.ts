import { isObject, memberAt, readRegularFile } from "@executor-registry/resolver/internal";
import { parse } from "yaml";
import { UsageError } from "../base/usage-error.ts";

const MAX_BYTES = 256 << 10;

/**
 * The version policies of a file, as the service's configuration has them or as `policy get -o yaml` prints them.
 * @throws UsageError
 */
export async function readPolicies(file: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  let content: unknown;
  try {
    content = parse((await readRegularFile(file, MAX_BYTES)).toString());
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`, "policy");
  }
  const policies = memberAt(content, "versions", "policies") ?? memberAt(content, "policies") ?? content;
  if (Array.isArray(policies) && policies.every(isObject)) return policies;
  throw new UsageError(`${file} holds no version policies: a list of them, below versions.policies or alone`, "policy");
}
