import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { ConfigurationError, ExecutorRegistryError, RegistryServiceError, VERSION } from "@executor-registry/resolver";
import { UsageError } from "../usage-error.ts";
import { LIMIT, type ServiceClient, type ServiceQuestion, TIMEOUT } from "./client.ts";
import { refusal } from "./refusal.ts";

/**
 * The service at its URL.
 * @param urls comma separated; the first that answers counts
 * @throws UsageError
 */
export function httpClient(urls: string, tokenFile: string | undefined): ServiceClient {
  const bases = urls.split(",").map((text) => baseUrl(text.trim()));
  return {
    async ask(path, question = {}) {
      let problem: unknown;
      for (const base of bases) {
        try {
          return await askOne(base, path, question, tokenFile);
        } catch (error) {
          if (!(error instanceof RegistryServiceError) || error.status !== undefined) throw error;
          problem ??= error;
        }
      }
      throw problem;
    },
    close() {},
  };
}

/** The text itself stays out of the message: it may hold a password. */
function baseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      "--registry (or EXECUTOR_REGISTRY_URL) is no http or https URL, such as https://executors.example",
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError("--registry (or EXECUTOR_REGISTRY_URL) holds credentials; use --token-file");
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

async function askOne(
  base: URL,
  path: string,
  { method = "GET", query = {}, signal, timeout = TIMEOUT }: ServiceQuestion,
  tokenFile: string | undefined,
): Promise<unknown> {
  const url = new URL(path.slice(1), base);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const limit = AbortSignal.timeout(timeout);
  const agent = { accept: "application/json", "user-agent": `executor-registry-cli/${VERSION}` };
  try {
    // Not by `fetch`, which gives up after five minutes without headers; a scan that is waited for may take longer.
    const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
      method,
      headers: { ...agent, ...(await bearer(tokenFile)) },
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const [response] = (await once(request.end(), "response")) as [IncomingMessage];
    const { statusCode: status = 0 } = response;
    const body = parsed(await readText(response));
    if (status >= 200 && status < 300 && body !== undefined) return body;
    throw refusal(path, status, body);
  } catch (cause) {
    if (signal?.aborted || cause instanceof ExecutorRegistryError) throw cause;
    if (limit.aborted) {
      throw new RegistryServiceError("timeout", `${base.href} did not answer within ${timeout / 1000} s`, { cause });
    }
    throw new RegistryServiceError("unreachable", `${base.href} cannot be reached: ${reasonOf(cause)}`, { cause });
  }
}

async function bearer(tokenFile: string | undefined): Promise<{ authorization?: string }> {
  if (tokenFile === undefined) return {};
  try {
    return { authorization: `Bearer ${(await readFile(tokenFile, "utf8")).trim()}` };
  } catch (cause) {
    throw new ConfigurationError(`the token file cannot be read: ${reasonOf(cause)}`);
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LIMIT)
      throw new RegistryServiceError("too-large", `the answer exceeds ${LIMIT} bytes`, { status: 200 });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString();
}

/** The JSON of a text; nothing of one that is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of a name with several addresses Node says only that all failed. */
function reasonOf(error: unknown): string {
  const one: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return one instanceof Error ? one.message : String(one);
}
