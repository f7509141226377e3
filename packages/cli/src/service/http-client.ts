import { readFile } from "node:fs/promises";
import type { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import {
  type Clock,
  ConfigurationError,
  ExecutorRegistryError,
  RegistryServiceError,
  VERSION,
} from "@executor-registry/resolver";
import { beginCall, exchange, http, readBytes } from "@executor-registry/resolver/internal";
import { MAX_ANSWER_BYTES, type ServiceRequest, type ServiceTransport, TIMEOUT_MS } from "./client.ts";
import { UsageError } from "../base/usage-error.ts";
import { refusal } from "./refusal.ts";

/** One place where the service may answer. */
interface Way {
  readonly base: URL;
  readonly agent: HttpAgent;
  readonly clock: Clock;
}

/**
 * The service at its URL.
 * @param urls comma separated; the first that answers counts
 * @throws UsageError
 */
export function httpTransport(urls: string, tokenFile: string | undefined, clock: Clock): ServiceTransport {
  const ways = urls.split(",").map((text): Way => {
    const base = baseUrl(text.trim());
    return { base, clock, agent: new (base.protocol === "https:" ? HttpsAgent : http.Agent)({ keepAlive: true }) };
  });
  return {
    async send(request) {
      let problem: unknown;
      for (const way of ways) {
        try {
          return await sendTo(way, request, tokenFile);
        } catch (error) {
          if (!(error instanceof RegistryServiceError) || error.status !== undefined) throw error;
          problem ??= error;
        }
      }
      throw problem;
    },
    close() {
      for (const { agent } of ways) agent.destroy();
    },
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

async function sendTo(
  { base, agent, clock }: Way,
  { method, path, query, signal, timeout = TIMEOUT_MS }: ServiceRequest,
  tokenFile: string | undefined,
): Promise<unknown> {
  const url = new URL(path.slice(1), base);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const call = beginCall(clock, signal);
  call.within(timeout, () => {
    return new RegistryServiceError("timeout", `${base.href} did not answer within ${timeout / 1000} s`);
  });
  try {
    const headers = {
      accept: "application/json",
      "user-agent": `executor-registry-cli/${VERSION}`,
      ...(await call.race(bearer(tokenFile))),
    };
    // Not by `fetch`, which gives up after five minutes without headers; a scan that is waited for may take longer.
    const outgoing = { server: url, method, path: `${url.pathname}${url.search}`, headers, agent };
    const response = await exchange(outgoing, call.signal);
    const { statusCode: status = 0 } = response;
    const body = parsed(await readBytes(response, MAX_ANSWER_BYTES, tooLarge));
    if (status >= 200 && status < 300 && body !== undefined) return body;
    throw refusal(path, status, body);
  } catch (cause) {
    if (call.signal.aborted) throw call.signal.reason;
    if (cause instanceof ExecutorRegistryError) throw cause;
    throw new RegistryServiceError("unreachable", `${base.href} cannot be reached: ${reasonOf(cause)}`, { cause });
  } finally {
    call.end();
  }
}

function tooLarge(): Error {
  return new RegistryServiceError("too-large", `the answer exceeds ${MAX_ANSWER_BYTES} bytes`, { status: 200 });
}

async function bearer(tokenFile: string | undefined): Promise<{ authorization?: string }> {
  if (tokenFile === undefined) return {};
  try {
    return { authorization: `Bearer ${(await readFile(tokenFile, "utf8")).trim()}` };
  } catch (cause) {
    throw new ConfigurationError(`the token file cannot be read: ${reasonOf(cause)}`);
  }
}

/** The JSON of a text; `undefined` for other text. */
function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}

/** Of a name with several addresses Node says only that all failed. */
function reasonOf(error: unknown): string {
  const one: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return one instanceof Error ? one.message : String(one);
}
