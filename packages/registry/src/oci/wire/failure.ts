import { z } from "zod";
import {
  type Place,
  RegistryError,
  type RegistryErrorCode,
  type RegistryErrorFacts,
  RepositoryGoneError,
  shown,
} from "./errors.ts";
import { parseChallenges } from "./challenge.ts";
import { retryAfter } from "../../net/retry-after.ts";
import type { HttpAnswer } from "./transport.ts";

/** @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
const errorsBody = z.object({
  errors: z.array(z.object({ code: z.string().catch(""), message: z.string().catch("") })).min(1),
});

const ID_HEADERS = ["x-request-id", "x-amzn-requestid", "x-github-request-id", "x-ms-correlation-request-id"] as const;
const MAX_SHOWN = 3;
/** With these a registry says that a repository does not exist. Others come with a 404 too while what is behind a proxy is away. */
const NO_REPOSITORY: ReadonlySet<string> = new Set(["NAME_UNKNOWN", "NAME_INVALID"]);
/** With these it says so of what was asked for; `NOT_FOUND` is Harbor's. */
const NO_CONTENT: ReadonlySet<string> = new Set([
  "MANIFEST_UNKNOWN",
  "MANIFEST_BLOB_UNKNOWN",
  "BLOB_UNKNOWN",
  "TAG_UNKNOWN",
  "NOT_FOUND",
]);

/**
 * As whom a refused request was sent: with credentials; without, since there are none, since they are for other repositories, or since the
 * registry did not ask for them in a way that we know.
 */
export type Standing = "known" | "anonymous" | "other-paths" | "not-asked";

/** What to do about a refusal, where the credentials themselves were not refused. */
const UNSENT: Readonly<Record<Exclude<Standing, "known">, string>> = {
  anonymous: "no credentials are configured for this host. Configure them, or check the host's spelling",
  "other-paths": "the configured credentials are for other repositories of this host only",
  "not-asked": "the configured credentials were not sent, because it does not ask for a password or a token",
};

/**
 * What an answer that is no success means, and what to do about it.
 * @param sent the `Authorization` of the request, or the refresh token in it: a registry may repeat it, and nobody is to read it
 */
export function failure(
  answer: HttpAnswer,
  place: Place,
  now: number,
  standing: Standing,
  sent: string | undefined,
): RegistryError {
  const { status, headers, url } = answer;
  const own = ownErrors(answer.body, secretsIn(sent));
  const facts: RegistryErrorFacts = {
    status,
    ...optional("requestId", ID_HEADERS.map((name) => shown([headers[name]].flat()[0] ?? "", 100)).find(Boolean)),
    ...optional("retryAfter", status === 429 || status >= 500 ? retryAfter(answer, now) : undefined),
  };
  const said = own === undefined ? "" : ` It says: ${own}`;
  const by = url.host === place.host ? "" : ` (by ${url.host})`;
  const fail = (code: RegistryErrorCode, why: string, retryable?: boolean): RegistryError =>
    new RegistryError(code, `${why}${by}.${said}`, place, { ...facts, ...optional("retryable", retryable) });

  if (status === 401) {
    const challenge = unusableChallenge(answer);
    if (challenge !== undefined) return fail("unauthorized", challenge);
    return fail(
      "unauthorized",
      standing === "known"
        ? "it refuses the configured credentials. Renew them, or check that they may read this repository"
        : `it requires credentials, and ${UNSENT[standing]}`,
    );
  }
  if (status === 403) {
    return fail(
      "forbidden",
      standing === "known"
        ? "the configured credentials may not read this. Give them permission to pull"
        : `anonymous reading is not allowed, and ${UNSENT[standing]}`,
    );
  }
  if (status === 404) {
    const codes = ownCodes(answer.body);
    if (codes.some((code) => NO_REPOSITORY.has(code)))
      return new RepositoryGoneError(`there is no such repository${by}.${said}`, place, facts);
    if (codes.some((code) => NO_CONTENT.has(code))) return fail("not-found", "it does not exist");
    // A proxy's, that of another server at this address, or a registry's that cannot or will not look.
    if (own === undefined)
      return fail(
        "registry-protocol",
        "404 without an error of the OCI distribution API. Is this a container registry?",
      );
    return fail("registry-protocol", "404, but not for a reason that means it does not exist");
  }
  if (status === 407)
    return fail(
      "unreachable",
      "a proxy before it requires credentials. Put them into the proxy's URL in the environment",
      false,
    );
  if (status === 429)
    return fail("throttled", "too many requests. Ask less often, or with credentials that may ask more");
  if (status >= 500 || status === 408) return fail("unreachable", `it fails with status ${status}`);
  return fail("registry-protocol", `it answers with status ${status}`, false);
}

/** Why a 401 cannot be answered with any credentials. */
function unusableChallenge({ headers }: HttpAnswer): string | undefined {
  const challenges = parseChallenges(headers["www-authenticate"] ?? "");
  if (challenges.some(({ scheme }) => scheme === "basic")) return undefined;
  const bearer = challenges.filter(({ scheme }) => scheme === "bearer");
  if (bearer.some(({ parameters }) => URL.canParse(parameters.get("realm") ?? ""))) return undefined;
  const realm = shown(bearer[0]?.parameters.get("realm") ?? "", 100);
  if (bearer.length > 0)
    return `it names "${realm}" as its token server, which is not an absolute URL. Correct the realm in the registry's configuration`;
  if (challenges.length === 0) return undefined;
  const offered = challenges.map(({ scheme }) => shown(scheme, 20)).slice(0, MAX_SHOWN);
  return `it requires an authentication scheme that is not supported (${offered.join(", ")}): only Basic and Bearer are`;
}

/** The registry's own codes. */
function ownCodes(body: Uint8Array): readonly string[] {
  return parsedErrors(body).map(({ code }) => code);
}

/** The registry's own codes and messages, as far as they can be shown; `undefined` where it gives none. */
function ownErrors(body: Uint8Array, secrets: readonly string[]): string | undefined {
  const errors = parsedErrors(body).slice(0, MAX_SHOWN);
  const hidden = (text: string): string => secrets.reduce((left, secret) => left.replaceAll(secret, "[secret]"), text);
  return errors.length === 0
    ? undefined
    : errors.map(({ code, message }) => shown(hidden(`${code} ${message}`), 200)).join("; ");
}

/** Shorter ones are in many words, and no secrets. */
const MIN_SECRET = 4;

/** What an `Authorization` gives away, longest first: as it is, and user and password as they were before Base64. */
function secretsIn(sent = ""): readonly string[] {
  const value = sent.slice(sent.indexOf(" ") + 1);
  const pair = /^Basic /i.test(sent) ? Buffer.from(value, "base64").toString() : "";
  return [sent, pair, value, pair.slice(pair.indexOf(":") + 1)].filter(({ length }) => length >= MIN_SECRET);
}

function parsedErrors(body: Uint8Array): z.output<typeof errorsBody>["errors"] {
  try {
    return errorsBody.safeParse(JSON.parse(Buffer.from(body).toString())).data?.errors ?? [];
  } catch {
    return [];
  }
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}
