import {
  ERRORS,
  type ErrorCode,
  ExecutorRegistryError,
  type ProblemDocument,
  RegistryServiceError,
  UnknownTypeError,
} from "@executor-registry/resolver";

/** What an answer outside 2xx means. @param body its JSON, where it is any */
export function refusal(path: string, status: number, body: unknown): ExecutorRegistryError {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Partial<ProblemDocument>;
  const { code, detail } = problem;
  if (typeof code !== "string" || typeof detail !== "string" || !Object.hasOwn(ERRORS, code)) {
    return new RegistryServiceError(
      "unreachable",
      `${path} was answered with ${status}, and not by the registry service`,
      { status },
    );
  }
  if (code === "unauthorized" || code === "forbidden" || code === "throttled") {
    return new RegistryServiceError(code, `the registry service refuses: ${detail}`, { status });
  }
  if (code !== "unknown-type") return new ExecutorRegistryError(code as ErrorCode, detail);
  const [nearMisses, knownTypes] = [texts(problem.nearMisses), texts(problem.knownTypes)];
  return new UnknownTypeError(path.split("/")[2] ?? "", { message: detail, nearMisses, knownTypes });
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
