import { ConfigurationError } from "../contract/resolver-errors.ts";
import type { RegistryOptions } from "./options.ts";
import type { ServiceFetch } from "./request.ts";
import { VERSION } from "../tools/version.ts";
import { type TokenReader, tokenReader } from "./token.ts";

/** What {@link RegistryOptions} and the environment variables come to. */
export interface RegistrySettings {
  /** Each ends in a slash, so that paths can be resolved against it. */
  readonly urls: readonly URL[];
  readonly token: TokenReader;
  readonly ttl: number;
  readonly maxStale: number;
  readonly negativeTtl: number;
  readonly timeout: number;
  readonly cacheFile?: string;
  readonly events: boolean;
  readonly fetch: ServiceFetch;
  readonly userAgent: string;
}

/** @throws ConfigurationError naming the option or the variable to change */
export function registrySettings(
  options: RegistryOptions,
  variables: Readonly<Record<string, string | undefined>>,
): RegistrySettings {
  const { token, fetch = globalThis.fetch, events = true } = options;
  const tokenFile = options.tokenFile ?? (token === undefined ? variables["EXECUTOR_REGISTRY_TOKEN_FILE"] : undefined);
  const cacheFile = options.cacheFile ?? variables["EXECUTOR_REGISTRY_CACHE_FILE"];
  if (token !== undefined && tokenFile !== undefined) {
    throw new ConfigurationError("options registry.token and registry.tokenFile exclude each other");
  }
  const ttl = milliseconds("ttl", options.ttl, 30_000);
  const maxStale = milliseconds("maxStale", options.maxStale, 86_400_000);
  if (maxStale < ttl) throw new ConfigurationError("option registry.maxStale must not be shorter than registry.ttl");
  return {
    urls: baseUrls(options.url, variables["EXECUTOR_REGISTRY_URL"]),
    token: tokenReader({ ...(token !== undefined && { token }), ...(tokenFile && { tokenFile }) }),
    ttl,
    maxStale,
    negativeTtl: milliseconds("negativeTtl", options.negativeTtl, 5000),
    timeout: milliseconds("timeout", options.timeout, 3000),
    ...(cacheFile && { cacheFile }),
    events,
    fetch,
    userAgent: `executor-registry-resolver/${VERSION}`,
  };
}

function milliseconds(name: string, given: number | undefined, standard: number): number {
  if (given === undefined) return standard;
  if (Number.isFinite(given) && given >= 1) return given;
  throw new ConfigurationError(`option registry.${name} must be a finite number of milliseconds, 1 or more`);
}

function baseUrls(option: RegistryOptions["url"], variable: string | undefined): URL[] {
  const where = option === undefined ? "EXECUTOR_REGISTRY_URL" : "option registry.url";
  const given = option === undefined ? (variable ?? "").split(",") : typeof option === "string" ? [option] : option;
  const texts = given.map((text) => text.trim()).filter((text) => text !== "");
  if (texts.length === 0) {
    throw new ConfigurationError(
      "environment production needs the registry service's URL: set EXECUTOR_REGISTRY_URL, or the option registry.url",
    );
  }
  return parseBaseUrls(texts, where, "registry.tokenFile or EXECUTOR_REGISTRY_TOKEN_FILE");
}

/**
 * The service's addresses, each once, each ending in a slash.
 * @param where what gave them, for messages
 * @param tokenFile what gives a token instead of a URL
 * @throws ConfigurationError
 */
export function parseBaseUrls(texts: readonly string[], where: string, tokenFile: string): URL[] {
  const place = (index: number): string => (texts.length > 1 ? `${where}, URL ${index + 1},` : where);
  const urls = texts.map((text, index) => baseUrl(text, place(index), tokenFile));
  return [...new Map(urls.map((url) => [url.href, url])).values()];
}

/** The text itself stays out of messages: it may hold a password. */
function baseUrl(text: string, where: string, tokenFile: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new ConfigurationError(`${where} is no http or https URL, such as https://executors.example`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new ConfigurationError(`${where} holds credentials; use ${tokenFile}`);
  }
  if (url.search !== "" || url.hash !== "") {
    throw new ConfigurationError(`${where} must be a base URL, without ? and #`);
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
