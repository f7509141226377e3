import type { Clock } from "@executor-registry/resolver";

/** How requests are gathered. */
export interface CoalesceOptions {
  /** How long a run waits for more requests to join it, in milliseconds: events come in bursts. */
  readonly window: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Makes many requests into few runs, one at a time. A request joins the run that waits for its start; one that comes while
 * a run is under way joins the next, since what it is about may have happened after that run looked.
 */
export function coalesce<Request, Result>(
  run: (requests: readonly Request[]) => Promise<Result>,
  { window, clock, signal }: CoalesceOptions,
): (request: Request) => Promise<Result> {
  let waiting: { readonly requests: Request[]; readonly result: Promise<Result> } | undefined;
  let last: Promise<unknown> = Promise.resolve();

  return (request) => {
    if (waiting !== undefined) {
      waiting.requests.push(request);
      return waiting.result;
    }
    const requests = [request];
    const start = async (before: Promise<unknown>): Promise<Result> => {
      await Promise.all([before, clock.sleep(window, signal)]);
      waiting = undefined;
      return run(requests);
    };
    const result = start(last);
    waiting = { requests, result };
    last = result.catch(() => {
      waiting = undefined;
    });
    return result;
  };
}
