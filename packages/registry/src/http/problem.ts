import { type ErrorRow, ExecutorRegistryError, type ProblemDocument } from "@executor-registry/resolver";
import { PROBLEM_TYPES } from "@executor-registry/resolver/internal";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import { oneLine } from "../model/one-line.ts";

type Member = "verdicts" | "nearMisses" | "knownTypes" | "incomplete";
type Facts = Partial<Record<Exclude<Member, "verdicts">, readonly string[]>> & Pick<ProblemDocument, "verdicts">;

/** Members besides those of every problem, by the error's own fields. */
function members(error: ExecutorRegistryError): Pick<ProblemDocument, Member> {
  const { verdicts, nearMisses, knownTypes, incomplete = [] } = error as Facts;
  return {
    ...(verdicts && { verdicts: verdicts.map(shownVerdict) }),
    ...(nearMisses && { nearMisses }),
    ...(knownTypes && { knownTypes }),
    ...(incomplete.length > 0 && { incomplete }),
  };
}

const shownVerdict = ({ check, state, reason, code }: NonNullable<Facts["verdicts"]>[number]) => ({
  check,
  state,
  reason: oneLine(reason),
  ...(code !== undefined && { code }),
});

/** The body of an error's answer: all of one of ours, nothing of another's, which may hold what callers must not see. */
export function problemDocument(error: unknown, requestId: string): ProblemDocument {
  if (error instanceof ExecutorRegistryError) return problem(error.row, error.message, requestId, members(error));
  // Fastify's, about a request that it could not read.
  const { statusCode: status, message } = error as { statusCode?: unknown; message?: unknown };
  if (typeof status === "number" && status >= 400 && status < 500) {
    const row =
      SERVICE_ERRORS[status === SERVICE_ERRORS["too-large-request"].status ? "too-large-request" : "invalid-request"];
    return problem(row, String(message), requestId);
  }
  return problem(SERVICE_ERRORS.internal, `see the log for request ${requestId}`, requestId);
}

function problem(
  { code, title, status }: ErrorRow,
  detail: string,
  requestId: string,
  more: Pick<ProblemDocument, Member> = {},
): ProblemDocument {
  return { type: `${PROBLEM_TYPES}${code}`, title, status, detail, code, ...more, requestId };
}
