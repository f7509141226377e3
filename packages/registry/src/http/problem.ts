import { ERRORS, type ErrorCode, ExecutorRegistryError, type ProblemDocument } from "@executor-registry/resolver";
import { PROBLEM_TYPES } from "@executor-registry/resolver/internal";

type Member = "nearMisses" | "knownTypes" | "incomplete";

/** Members besides those of every problem, by the error's own fields. */
function members(error: ExecutorRegistryError): Pick<ProblemDocument, Member> {
  const { nearMisses, knownTypes, incomplete = [] } = error as Partial<Record<Member, readonly string[]>>;
  return {
    ...(nearMisses && { nearMisses }),
    ...(knownTypes && { knownTypes }),
    ...(incomplete.length > 0 && { incomplete }),
  };
}

/** What a caller is told of an error: all of one of ours, nothing of another's. */
export function problemOf(error: unknown, requestId: string): ProblemDocument {
  if (error instanceof ExecutorRegistryError) {
    const { code, title, status } = error.row;
    return problem(code, title, status, error.message, requestId, members(error));
  }
  const status = (error as { statusCode?: unknown }).statusCode;
  if (typeof status === "number" && status >= 400 && status < 500) {
    const detail = error instanceof Error ? error.message : "the request cannot be taken";
    return problem(
      CODES[status] ?? "invalid-request",
      TITLES[status] ?? "Request not taken",
      status,
      detail,
      requestId,
    );
  }
  const { title, status: internal } = ERRORS.internal;
  return problem("internal", title, internal, `see the log for request ${requestId}`, requestId);
}

const CODES: Readonly<Record<number, ErrorCode | "too-large-request">> = { 413: "too-large-request", 429: "throttled" };
const TITLES: Readonly<Record<number, string>> = {
  404: "No such page",
  405: "Method not allowed",
  413: "Body too large",
  415: "Media type not supported",
  429: "Too many requests",
};

function problem(
  code: string,
  title: string,
  status: number,
  detail: string,
  requestId: string,
  more: Pick<ProblemDocument, Member> = {},
): ProblemDocument {
  return { type: `${PROBLEM_TYPES}${code}`, title, status, detail, code, ...more, requestId };
}
