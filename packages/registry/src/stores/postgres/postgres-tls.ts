import type { ConnectionOptions } from "node:tls";
import { ConfigurationError } from "@executor-registry/resolver";
import { readRegularFile } from "@executor-registry/resolver/internal";
import type { PostgresAddress, SslMode } from "./postgres-address.ts";

const MAX_BYTES = 1 << 20;

/** A file that TLS needs and that cannot be read. */
export class TlsFileError extends Error {
  override readonly name = "TlsFileError";
}

/**
 * How much TLS there is to be: all of it, unless the address says otherwise, or the server is on this machine and no authority is named.
 * @throws ConfigurationError for an authority that nobody would ask
 */
export function sslModeFor({ host, sslmode }: PostgresAddress, ca: string | undefined): SslMode {
  if (ca !== undefined && (sslmode === "disable" || sslmode === "require")) {
    throw new ConfigurationError(
      `sslmode=${sslmode} checks no certificate, so the store's \`ca\` has no use; say sslmode=verify-full, or drop one of the two`,
    );
  }
  return sslmode ?? (ca === undefined && isLocal(host) ? "disable" : "verify-full");
}

const isLocal = (host: string): boolean => /^(?:\/|localhost$|127\.|::1$)/.test(host);

/**
 * What a connection's TLS goes by, read anew, since certificates are replaced.
 * @returns `undefined` for a connection without TLS
 * @throws TlsFileError
 */
export async function tlsOptions(
  address: PostgresAddress,
  ca: string | undefined,
): Promise<ConnectionOptions | undefined> {
  const mode = sslModeFor(address, ca);
  if (mode === "disable") return undefined;
  const { client } = address;
  return {
    rejectUnauthorized: mode !== "require",
    ...(mode === "verify-ca" && { checkServerIdentity: () => undefined }),
    ...(ca !== undefined && { ca: await readPem(ca) }),
    ...(client && { cert: await readPem(client.certificate), key: await readPem(client.key) }),
  };
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readRegularFile(path, MAX_BYTES);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new TlsFileError(`the file ${path} cannot be read (${code ?? message})`, { cause });
  }
}
