import type { Clock, Random } from "../clock.ts";
import { type Breaker, createBreaker } from "./breaker.ts";
import { type RegistryAttempt, RegistryServiceError } from "./errors.ts";
import { ask, type Question, type ServiceAnswer } from "./request.ts";
import type { RegistrySettings } from "./settings.ts";
import { withTimeLimit } from "./time-limit.ts";

/** One address of the service. */
export interface Endpoint {
  readonly url: URL;
  readonly breaker: Breaker;
}

/** The registry service behind all its addresses. */
export interface Service {
  readonly endpoints: readonly Endpoint[];
  /** Asks one address after the other, each at most once, until one answers. @throws RegistryServiceError */
  ask<T>(question: Question<T>, signal: AbortSignal): Promise<ServiceAnswer<T>>;
}

export function createService(
  settings: Pick<RegistrySettings, "urls" | "fetch" | "token">,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Service {
  const endpoints = settings.urls.map((url) => ({ url, breaker: createBreaker(clock, random) }));
  return {
    endpoints,
    async ask(question, signal) {
      const failures: { url: URL; error: RegistryServiceError }[] = [];
      for (const { url, breaker } of endpoints) {
        if (!breaker.allows()) {
          if (breaker.problem) failures.push({ url, error: breaker.problem });
          continue;
        }
        try {
          const answer = await limited(question, signal, (limit) => ask(url, question, { ...settings, clock }, limit));
          breaker.answered();
          return answer;
        } catch (error) {
          if (!(error instanceof RegistryServiceError)) {
            // Nothing was learnt of the address; a probe must not stay without a verdict.
            breaker.failed(new RegistryServiceError("unreachable", "the request was given up"));
            throw error;
          }
          // Who refuses is there.
          if (error.code === "unauthorized" || error.code === "forbidden") breaker.answered();
          else breaker.failed(error);
          failures.push({ url, error });
        }
      }
      throw combined(failures);
    },
  };

  function limited<T>(
    { timeout: ms }: Question<unknown>,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const late = (): Error => new RegistryServiceError("timeout", `it did not answer within ${ms} ms`);
    return withTimeLimit({ clock, ms, signal, late }, work);
  }
}

function combined(
  failures: readonly { readonly url: URL; readonly error: RegistryServiceError }[],
): RegistryServiceError {
  const [first] = failures;
  const attempts: RegistryAttempt[] = failures.map(({ url, error }) => ({ url: url.href, problem: error.message }));
  const code =
    first && failures.every(({ error }) => error.code === first.error.code) ? first.error.code : "unreachable";
  const told = attempts.map(({ url, problem }) => `${url}: ${problem}`).join("; ");
  return new RegistryServiceError(code, `the registry service gave no answer. ${told}`, {
    attempts,
    cause: first?.error,
    ...(failures.length === 1 && first?.error.status !== undefined && { status: first.error.status }),
  });
}
