import type { Clock, Random } from "../tools/clock.ts";
import { type Breaker, createBreaker } from "./breaker.ts";
import { type RegistryAttempt, RegistryServiceError } from "./errors.ts";
import { ask, type Asking, type Question, type ServiceAnswer } from "./request.ts";
import { Reached } from "./reached.ts";
import type { RegistrySettings } from "./settings.ts";
import { withTimeLimit } from "../tools/time-limit.ts";

/** Questions under way at once, and so connections: a dispatcher's descriptors are for more than this. */
const CONCURRENT = 32;

/** One address of the service. */
export interface Endpoint {
  readonly url: URL;
  readonly breaker: Breaker;
}

/** The registry service behind all its addresses. */
export interface Service {
  readonly endpoints: readonly Endpoint[];
  /** How far the journal is that it answers from. */
  readonly reached: Reached;
  /**
   * Asks one address after the other, each at most once, until one answers; where all that do are behind, the answer of one says so.
   * @throws RegistryServiceError
   */
  ask<T>(question: Question<T>, signal: AbortSignal): Promise<ServiceAnswer<T>>;
}

export function createService(
  settings: Asking & Pick<RegistrySettings, "urls">,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Service {
  const inTurn = atMost(CONCURRENT);
  const endpoints = settings.urls.map((url) => ({ url, breaker: createBreaker(clock, random) }));
  const reached = new Reached(clock);
  return {
    endpoints,
    reached,
    ask: (question, signal) => inTurn(() => askAll(question, signal)),
  };

  async function askAll<T>(question: Question<T>, signal: AbortSignal): Promise<ServiceAnswer<T>> {
    const failures: { url: URL; error: RegistryServiceError }[] = [];
    let undecided: ServiceAnswer<T> | undefined;
    for (const { url, breaker } of endpoints) {
      if (!breaker.allows()) {
        if (breaker.problem) failures.push({ url, error: breaker.problem });
        continue;
      }
      try {
        const answer = await limited(question, signal, (limit) => ask(url, question, { ...settings, clock }, limit));
        breaker.answered();
        // What changes something is sent once.
        const behind = (question.method ?? "GET") === "GET" && reached.isBehind(answer.journal);
        if (!behind && (answer.is !== "unknown-type" || answer.incomplete.length === 0)) return answer;
        // What this one could not read, or has not read yet, another may know.
        undecided ??= { ...answer, ...(behind && { behind }) };
      } catch (error) {
        if (!(error instanceof RegistryServiceError)) {
          // Nothing was learnt of the address; a probe must not stay without a verdict.
          breaker.failed(new RegistryServiceError("unreachable", "the request was given up"));
          throw error;
        }
        if (error.alive) breaker.answered();
        else breaker.failed(error);
        failures.push({ url, error });
      }
    }
    if (undecided) return undecided;
    throw noAnswer(failures);
  }

  function limited<T>(
    { timeout: ms }: Question<unknown>,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const late = (): Error => new RegistryServiceError("timeout", `it did not answer within ${ms / 1000} s`);
    return withTimeLimit({ clock, ms, signal, late }, work);
  }
}

/** Lets so many pieces of work run at once; the others wait in order. */
function atMost(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

/** What the failures of all addresses come to. */
export function noAnswer(
  failures: readonly { readonly url: URL; readonly error: RegistryServiceError }[],
): RegistryServiceError {
  const [first] = failures;
  const attempts: RegistryAttempt[] = failures.map(({ url, error }) => ({ url: url.href, problem: error.message }));
  const agree = (of: (error: RegistryServiceError) => unknown): boolean =>
    first !== undefined && failures.every(({ error }) => of(error) === of(first.error));
  const code = first && agree((error) => error.code) ? first.error.code : "unreachable";
  const problems = attempts.map(({ url, problem }) => `${url}: ${problem}`).join("; ");
  return new RegistryServiceError(code, `the registry service gave no answer. ${problems}`, {
    attempts,
    cause: first?.error,
    ...(failures.length === 1 && first?.error.status !== undefined && { status: first.error.status }),
    ...(first?.error.problem && agree(({ problem }) => problem?.code) && { problem: first.error.problem }),
  });
}
