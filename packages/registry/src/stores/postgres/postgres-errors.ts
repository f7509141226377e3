import { ExecutorRegistryError } from "@executor-registry/resolver";
import { StoreError } from "../../journal/store-errors.ts";

/** What a failure means. */
interface Problem {
  /** The thing, the fact and the remedy. */
  readonly problem: string;
  /** @default true */
  readonly retryable?: false;
  /** Whether it passes by itself, as when a server starts: whoever opens a store waits for it, a while. */
  readonly passes?: true;
  /** Whether its connection cannot be used any more. */
  readonly lost?: true;
}

const DOWN = { passes: true, lost: true } as const;
const UNTRUSTED =
  "its certificate is not by an authority that is trusted here; name its authority's file as the store's `ca`";

/** SQLSTATEs, or their classes. See https://www.postgresql.org/docs/current/errcodes-appendix.html */
const STATES: Readonly<Record<string, Problem>> = {
  "08": { problem: "the connection was lost", ...DOWN },
  "28P01": {
    problem: "the password is wrong, or the user does not exist; check the user and the store's `password`",
    retryable: false,
  },
  "28": {
    problem: "the server does not let this user in from here; check the user, sslmode and the server's pg_hba.conf",
    retryable: false,
  },
  "3D000": { problem: "the database does not exist; create it: CREATE DATABASE", retryable: false },
  "3F000": { problem: "the schema is missing: something else has removed it; restore it from a backup" },
  "42501": { problem: "the user lacks a right; grant it, or make the user the schema's owner", retryable: false },
  "42": { problem: "its tables are not as they were made: something else has changed them", retryable: false },
  "53300": { problem: "the server has no connection left; raise max_connections, or use a pooler", ...DOWN },
  "53100": { problem: "the server's disk is full; free some space" },
  "53": { problem: "the server lacks a resource" },
  "55P03": { problem: "something else keeps its tables locked; look for long transactions in pg_stat_activity" },
  "57P03": { problem: "the server does not take connections yet", ...DOWN },
  "57P01": { problem: "the server ended the connection", ...DOWN },
  "57P02": { problem: "the server ended the connection, since it crashed", ...DOWN },
  "57P05": { problem: "the server ended the connection, since it was idle", ...DOWN },
  "57014": { problem: "the server stopped the statement; look at its statement_timeout" },
  "25006": {
    problem: "the server is a replica, or read-only; name the primary, or wait until there is one",
    ...DOWN,
  },
  "40": { problem: "another transaction was in the way" },
  "54000": { problem: "something is larger than the server takes", retryable: false },
  "58": { problem: "the server failed to read or write; check its disk and its log" },
  XX: { problem: "the server reports damaged data or a fault of its own; check its log", retryable: false },
};

/** Node's codes, of sockets, names and TLS. */
const CODES: Readonly<Record<string, Problem>> = {
  ECONNREFUSED: { problem: "nothing listens there; check the host, the port and whether the server runs", ...DOWN },
  ENOENT: { problem: "there is no such socket; check the folder, the port and whether the server runs", ...DOWN },
  EACCES: { problem: "this user may not use the socket", retryable: false },
  ENOTFOUND: { problem: "the host's name is not known; check it", ...DOWN },
  EAI_AGAIN: { problem: "the host's name could not be looked up", ...DOWN },
  ECONNRESET: { problem: "the connection was lost", ...DOWN },
  EPIPE: { problem: "the connection was lost", ...DOWN },
  ETIMEDOUT: { problem: "it does not answer; check the network and its policies", ...DOWN },
  EHOSTUNREACH: { problem: "it cannot be reached; check the network", ...DOWN },
  ENETUNREACH: { problem: "it cannot be reached; check the network", ...DOWN },
  DEPTH_ZERO_SELF_SIGNED_CERT: { problem: UNTRUSTED, retryable: false },
  SELF_SIGNED_CERT_IN_CHAIN: { problem: UNTRUSTED, retryable: false },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { problem: UNTRUSTED, retryable: false },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { problem: UNTRUSTED, retryable: false },
  CERT_HAS_EXPIRED: { problem: "its certificate has expired; renew it", retryable: false },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    problem: "its certificate is for another name; use that name, or sslmode=verify-ca where the network is trusted",
    retryable: false,
  },
};

/** What pg says without a code. */
const MESSAGES: readonly (readonly [RegExp, Problem])[] = [
  [
    /does not support SSL/,
    {
      problem:
        "it offers no TLS; turn it on there, or append ?sslmode=disable to the store's address where the network is trusted",
      retryable: false,
    },
  ],
  [/establishing an SSL connection/, { problem: "it answers something else than PostgreSQL's protocol", ...DOWN }],
  [/timeout|timed out/i, { problem: "it does not answer in time", ...DOWN }],
  [/[Cc]onnection (?:terminated|ended)|not queryable|was closed/, { problem: "the connection was lost", ...DOWN }],
];

/** Problems of this machine, whose messages say all there is. */
const LOCAL: Readonly<Record<string, Problem>> = {
  PasswordError: { problem: "", retryable: false, lost: true },
  TlsFileError: { problem: "", retryable: false, lost: true },
  NoPasswordError: {
    problem: "the server asks for a password; name its place as the store's `password`",
    retryable: false,
    lost: true,
  },
};

const REFUSED: Problem = { problem: "the server refuses the statement", retryable: false };

function problemOf(error: unknown): Problem | undefined {
  const { state, code, name, message } = partsOf(error);
  if (state !== undefined) return STATES[state] ?? STATES[state.slice(0, 2)] ?? REFUSED;
  return CODES[code] ?? LOCAL[name] ?? MESSAGES.find(([pattern]) => pattern.test(message))?.[1];
}

/** What a failed call means. Nothing in it is a secret: the server's messages hold no value of ours. */
export function postgresError(description: string, cause: unknown): StoreError {
  const { message } = partsOf(cause);
  const known = problemOf(cause);
  if (known === undefined) return new StoreError(description, message, { cause });
  const { problem, retryable = true } = known;
  return new StoreError(description, [problem, problem === "" ? message : `(${message})`].join(" ").trim(), {
    cause,
    retryable,
  });
}

/** What goes wrong with the server, as errors of the store. */
export async function inStoreErrors<T>(description: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (problem) {
    throw problem instanceof ExecutorRegistryError ? problem : postgresError(description, problem);
  }
}

/** Whether it passes by itself: a server is away, starts, or is full. */
export const passesByItself = (error: unknown): boolean => problemOf(error)?.passes === true;

/** Whether a connection on which it happened is of no more use. What has no SQLSTATE did not come from the server. */
export function losesConnection(error: unknown): boolean {
  if (error instanceof ExecutorRegistryError) return false;
  return sqlState(error) === undefined || problemOf(error)?.lost === true;
}

/** The SQLSTATE of what the server refused. */
export const sqlState = (error: unknown): string | undefined => partsOf(error).state;

interface Parts {
  /** Of an error that the server sent. */
  readonly state: string | undefined;
  /** Node's. */
  readonly code: string;
  readonly name: string;
  readonly message: string;
}

function partsOf(error: unknown): Parts {
  if (!(error instanceof Error)) return { state: undefined, code: "", name: "", message: String(error) };
  const { code = "", name, message } = error as NodeJS.ErrnoException;
  // Of several addresses of a host, each has failed in its own way.
  const first = error instanceof AggregateError ? (error.errors as unknown[])[0] : undefined;
  const text = message === "" && first instanceof Error ? first.message : message;
  return { state: "severity" in error ? code : undefined, code, name, message: text };
}
