import { ExecutorRegistryError } from "@executor-registry/resolver";
import { StoreError } from "../../journal/store-errors.ts";
import { PasswordError } from "../password.ts";
import { ErrorReply } from "./redis-library.ts";

/** What a failure means. */
interface Meaning {
  readonly problem: string;
  /** Whether trying again may help. */
  readonly retryable?: boolean;
  /** Whether it may go by itself, and soon. */
  readonly soon?: boolean;
  /** Whether another server is the one to ask, or this one anew. */
  readonly elsewhere?: boolean;
}

const SOON = { retryable: true, soon: true, elsewhere: true } as const;

/** Codes that servers' error replies begin with; inside a script's error they stand further on. */
const REPLIES: Readonly<Record<string, Meaning>> = {
  WRONGPASS: { problem: "the server refuses the user and password", retryable: true },
  NOAUTH: { problem: "the server asks for a password, and `password` names none", retryable: true },
  NOPERM: { problem: "the user may not do this; docs/stores.md lists what its ACL has to allow", retryable: true },
  NOPROTO: { problem: "the server is too old: Redis 6.2, Valkey 7.2 or later is needed" },
  LOADING: { problem: "the server is starting and still loads its data", ...SOON },
  READONLY: { problem: "the server is a replica, which cannot be written", ...SOON },
  MASTERDOWN: { problem: "the server is a replica that has lost its primary", ...SOON },
  CLUSTERDOWN: { problem: "the cluster is down: a part of its slots has no primary", ...SOON },
  MOVED: { problem: "another node of the cluster has the keys", ...SOON },
  ASK: { problem: "the keys are being moved to another node of the cluster", ...SOON },
  TRYAGAIN: { problem: "the keys are being moved to another node of the cluster", ...SOON },
  UNBLOCKED: { problem: "the server became a replica meanwhile", ...SOON },
  BUSY: { problem: "the server is busy with a script", retryable: true, soon: true },
  NOREPLICAS: {
    problem: "too few replicas are connected for the server to write (min-replicas-to-write)",
    retryable: true,
    soon: true,
  },
  OOM: { problem: "the server's memory is full; raise maxmemory or free some", retryable: true },
  MISCONF: { problem: "the server cannot write to its disk; free some space, and see its log", retryable: true },
  NOSCRIPT: { problem: "the server forgot a script" },
  WRONGTYPE: { problem: "a key under the prefix has another application's type; choose a `prefix` of its own" },
};

const CERTIFICATE =
  /^(?:UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_TLS_CERT|ERR_OSSL|ERR_SSL_|EPROTO|HOSTNAME_MISMATCH|INVALID_CA)/;
const LOST =
  /^(?:ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOST|ENET|ERR_STREAM|ERR_SOCKET)|closed|offline|timeout|Disconnects|canceled|write after end/i;

/** Whether the connection ended, or there was none: what was sent may have been done. */
export function isLost(problem: unknown): boolean {
  if (problem instanceof ExecutorRegistryError || problem instanceof PasswordError) return false;
  if (isReply(problem)) return false;
  return LOST.test(codeOf(problem)) || LOST.test(messageOf(problem));
}

/** Whether a server answered with this error, or with any. */
export const isReply = (problem: unknown, code?: string): boolean =>
  problem instanceof ErrorReply && (code === undefined || replyCode(problem.message) === code);

/** Whether to ask for the primary anew: this server is not, or not yet, the one. */
export const isElsewhere = (problem: unknown): boolean =>
  isLost(problem) || (isReply(problem) && meaningOf(problem).elsewhere === true);

/** What a failed call means. */
export function redisError(description: string, problem: unknown, note = ""): Error {
  if (problem instanceof ExecutorRegistryError) return problem;
  const { problem: what, retryable = false } = meaningOf(problem);
  return new StoreError(description, `${what}${note}`, { cause: problem, retryable });
}

/** Whether it may go by itself, and soon. */
export const isPassing = (problem: unknown): boolean =>
  problem instanceof ExecutorRegistryError ? problem.retryable : meaningOf(problem).soon === true;

/** The line that says what happened, which stays the same while it does. */
export const problemText = (problem: unknown): string =>
  problem instanceof ExecutorRegistryError ? problem.message : meaningOf(problem).problem;

function meaningOf(problem: unknown): Meaning {
  const message = messageOf(problem);
  if (problem instanceof PasswordError) return { problem: message, retryable: true };
  if (isReply(problem)) {
    const known = REPLIES[replyCode(message)];
    // A server that does not know a command repeats what it was given, which may be a password.
    if (known === undefined && /unknown command/i.test(message)) return unknownCommand(message);
    return known === undefined
      ? { problem: `the server answers: ${message}` }
      : { ...known, problem: `${known.problem} (${message})` };
  }
  const code = codeOf(problem);
  if (CERTIFICATE.test(code)) {
    const remedy =
      code.startsWith("ERR_SSL") || code === "EPROTO"
        ? "check that the port speaks TLS"
        : "check `ca` and the names that the certificate is for";
    return { problem: `the server's certificate or TLS does not hold: ${message}; ${remedy}` };
  }
  if (isLost(problem)) return { problem: `the server cannot be reached (${message || code})`, ...SOON };
  return { problem: message };
}

function unknownCommand(message: string): Meaning {
  const [, command = ""] = /unknown command ['`"]?(\w+)/i.exec(message) ?? [];
  return {
    problem: `the server does not know the command ${command}, or has it disabled; Redis 6.2, Valkey 7.2 or later is needed`,
  };
}

function replyCode(message: string): string {
  const [first = ""] = message.split(" ");
  if (first in REPLIES) return first;
  // Redis 6 puts a failed command's error into a sentence of its own.
  return Object.keys(REPLIES).find((code) => new RegExp(`\\b${code} `).test(message)) ?? first;
}

const codeOf = (problem: unknown): string => {
  const { code } = (problem ?? {}) as { readonly code?: unknown };
  return typeof code === "string" ? code : "";
};
const messageOf = (problem: unknown): string => {
  const { errors, message } = (problem ?? {}) as { readonly errors?: readonly Error[]; readonly message?: string };
  // Several addresses of one name were tried.
  return (Array.isArray(errors) && errors[0]?.message) || message || String(problem);
};
