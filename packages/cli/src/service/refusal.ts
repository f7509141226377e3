import {
  ERRORS,
  type ErrorCode,
  ExecutorRegistryError,
  RegistryServiceError,
  UnknownTypeError,
} from "@executor-registry/resolver";
import { parseProblem, PROBLEM_TYPES } from "@executor-registry/resolver/internal";

/** What an answer outside 2xx means. @param body its JSON, where it is any */
export function refusal(path: string, status: number, body: unknown): ExecutorRegistryError {
  const problem = parseProblem(body);
  if (
    problem === undefined ||
    !(Object.hasOwn(ERRORS, problem.code) || problem.type === `${PROBLEM_TYPES}${problem.code}`)
  ) {
    return new RegistryServiceError(
      "unreachable",
      `${path} was answered with ${status}, and not by the registry service`,
      { status },
    );
  }
  const { code, title, detail, nearMisses = [], knownTypes = [] } = problem;
  if (code === "unauthorized" || code === "forbidden" || code === "throttled") {
    return new RegistryServiceError(code, `the registry service refuses: ${detail}`, { status });
  }
  if (code !== "unknown-type") {
    const known = Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : undefined;
    return new ExecutorRegistryError(known ?? { code, title, status, exit: 1, retryable: false }, detail);
  }
  return new UnknownTypeError(path.split("/")[2] ?? "", { message: detail, nearMisses, knownTypes });
}
