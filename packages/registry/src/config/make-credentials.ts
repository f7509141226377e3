import type { Logger } from "@executor-registry/resolver";
import type { CredentialProvider } from "../oci/credentials.ts";
import type { CredentialsConfig } from "./source-schema.ts";

/** Where a registry's credentials come from. */
export function credentialsOf(config: CredentialsConfig, _log: Logger): CredentialProvider {
  if ("username" in config) {
    const { username, password } = config;
    return { credentials: () => Promise.resolve({ username, password }) };
  }
  throw new Error("not yet");
}
