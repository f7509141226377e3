import { readRegularFile } from "../tools/regular-file.ts";
import { ConfigurationError } from "../contract/resolver-errors.ts";
import { RegistryServiceError } from "./errors.ts";

/** More is no token. */
const LIMIT = 64 * 1024;
/** What may stand in a header. @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** The bearer token for the next request, or none. */
export type TokenReader = () => Promise<string | undefined>;

/** @throws ConfigurationError for a token that cannot be sent */
export function tokenReader({ token, tokenFile }: { token?: string; tokenFile?: string }): TokenReader {
  if (token !== undefined && !TOKEN.test(token)) {
    throw new ConfigurationError("option registry.token is no bearer token");
  }
  if (tokenFile === undefined) return () => Promise.resolve(token);
  return async () => {
    const text = (await readText(tokenFile)).trim();
    if (TOKEN.test(text)) return text;
    throw new RegistryServiceError("unauthorized", `the token file ${tokenFile} holds no bearer token`);
  };
}

async function readText(path: string): Promise<string> {
  try {
    return (await readRegularFile(path, LIMIT)).toString("latin1");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RegistryServiceError("unauthorized", `the token file ${path} cannot be read: ${why}`, { cause });
  }
}
