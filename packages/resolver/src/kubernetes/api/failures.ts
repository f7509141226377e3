import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "../../tools/clock.ts";
import { parseRetryAfter } from "../../tools/backoff.ts";
import { KubernetesError, type KubernetesErrorCode, type Place } from "./errors.ts";
import { refusedSubject } from "./forbidden.ts";
import { isEverybody } from "./rbac.ts";

const CODES: Readonly<Record<number, KubernetesErrorCode>> = {
  401: "unauthorized",
  403: "forbidden",
  404: "not-found",
  408: "timeout",
  409: "conflict",
  410: "gone",
  413: "too-large",
  429: "throttled",
  502: "unreachable",
  503: "unreachable",
  504: "timeout",
};

/** The fields this project reads of a `Status` object; none can be relied on. */
interface Status {
  readonly kind?: unknown;
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: { readonly retryAfterSeconds?: unknown } | null;
}

/** What the object of a watch's ERROR event, or the body of a refusal, says. */
export function statusError(
  place: Place,
  object: unknown,
  http?: { status: number; retryAfter?: number },
): KubernetesError {
  const body: Status = typeof object === "object" && object !== null ? object : {};
  const status = http?.status ?? (typeof body.code === "number" ? body.code : 500);
  const reason = typeof body.reason === "string" && body.reason !== "" ? body.reason : undefined;
  const seconds = body.details?.retryAfterSeconds;
  const retryAfter = http?.retryAfter ?? (typeof seconds === "number" && seconds > 0 ? seconds * 1000 : undefined);
  const said = typeof body.message === "string" && body.message !== "" ? body.message : "the server gave no reason";
  const code = status === 403 ? refusalCode(place, body, said) : (CODES[status] ?? "kubernetes-api");
  const stranger = status === 403 && code === "unauthorized";
  const message = stranger ? `no credentials came with the request, or none that the cluster knows: ${said}` : said;
  return new KubernetesError(code, `${message} (${[status, reason].filter(Boolean).join(" ")})`, place, {
    status,
    ...(http && typeof body.kind !== "string" && { answer: body }),
    ...(reason === undefined ? {} : { reason }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(status >= 500 || (code === "not-admitted" && PASSING.test(message)) ? { retryable: true } : {}),
    ...(stranger && { retryable: false }),
  });
}

/** A quota just made is counted within seconds. */
const PASSING = /\bstatus unknown for quota\b/;

/**
 * What a 403 is about. Quotas, admission and a namespace that ends refuse writes with it too, in other words than an authorizer,
 * which names the user. A server that lets strangers in refuses them only what they ask for; rights are no remedy: they would be
 * everybody's.
 */
function refusalCode({ method }: Place, { kind }: Status, message: string): KubernetesErrorCode {
  const subject = refusedSubject(message);
  if (subject) return isEverybody(subject.name) ? "unauthorized" : "forbidden";
  const writes = method !== "GET" && method !== "WATCH";
  return writes && kind === "Status" ? "not-admitted" : "forbidden";
}

/** What an HTTP answer outside 2xx says. Proxies answer in HTML or plain text, so the body may be no `Status`. */
export function answerError(
  place: Place,
  answer: { status: number; headers: IncomingHttpHeaders; body: Buffer },
  clock: Clock,
): KubernetesError {
  const retryAfter = parseRetryAfter(answer.headers["retry-after"], clock.now());
  return statusError(place, parseStatus(answer.body.toString()), {
    status: answer.status,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

function parseStatus(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { kind: "text", message: text.replaceAll(/\s+/g, " ").trim().slice(0, 300) };
  }
}

const CERTIFICATE = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; is the cluster running?",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ENOTFOUND: "its host name does not resolve",
  EAI_AGAIN: "its host name cannot be resolved at the moment",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to it",
  ETIMEDOUT: "it does not answer",
};

/** What a failure below HTTP says. */
export function networkError(place: Place, cause: unknown): KubernetesError {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const words = explain(code) ?? (error.message || error.name);
  return new KubernetesError("unreachable", `${place.server}: ${words}${code ? ` (${code})` : ""}`, place, {
    cause,
    ...(code === undefined ? {} : { reason: code }),
  });
}

function explain(code: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  if (CERTIFICATE.has(code)) {
    return "its certificate is not trusted; the certificate authority configured for it, or its host name, does not match";
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL")) return "the TLS handshake failed; is it an https server?";
  if (code.startsWith("HPE_")) return "it does not speak HTTP as expected; is it an https server?";
  return WORDS[code];
}
