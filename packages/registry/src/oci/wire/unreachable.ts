import { type Place, RegistryError } from "./errors.ts";

/** A kept-alive connection was closed by the server just as it was used again: the request was not read. */
export class StaleConnection extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

/**
 * What a failed connection means, and what to do about it.
 * @param proxy what it went through
 */
export function unreachable(cause: unknown, url: URL, place: Place, proxy?: URL): RegistryError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const { code = "", statusCode } = (cause ?? {}) as NodeJS.ErrnoException & { readonly statusCode?: number };
  const by = proxy === undefined ? "" : ` through the proxy ${proxy.host} of the environment`;
  if (statusCode !== undefined && code === "ERR_PROXY_TUNNEL") {
    const why =
      statusCode === 407
        ? `the proxy ${proxy?.host} requires credentials (407). Put them into the proxy's URL in the environment`
        : `the proxy ${proxy?.host} refuses a connection to ${url.host} (${statusCode}). Allow it there, or name the host in NO_PROXY`;
    return new RegistryError("unreachable", why, place, { cause, retryable: statusCode >= 500 });
  }
  const to = url.host === place.host ? "it" : url.host;
  if (code.startsWith("HPE_")) {
    return new RegistryError("registry-protocol", `${to} does not answer in HTTP (${code})`, place, { cause });
  }
  if (/wrong version number|packet length too long/i.test(message) || code === "EPROTO") {
    const why = `${to} does not speak TLS. If it is meant to speak plain HTTP, mark this registry insecure`;
    return new RegistryError("unreachable", why, place, { cause, retryable: false });
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(code)) {
    const why = `the certificate of ${url.host} is not trusted (${code}). For a private authority, give its certificate as the source's ca`;
    return new RegistryError("unreachable", why, place, { cause, retryable: false });
  }
  const reason = code || message.slice(0, 200);
  return new RegistryError("unreachable", `cannot reach ${url.host}${by} (${reason})`, place, { cause });
}
