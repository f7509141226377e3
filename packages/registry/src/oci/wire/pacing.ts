import { type Clock, type Random, systemClock } from "@executor-registry/resolver";
import { backoff } from "@executor-registry/resolver/internal";
import { RegistryError } from "./errors.ts";
import { paceOf } from "./host-pace.ts";
import { createSemaphore } from "./semaphore.ts";
import { steady } from "../../net/steady.ts";

/** How hard one registry host may be asked. */
export interface PacingOptions {
  /** Requests at a time. `Infinity` for no limit. @default by the host */
  readonly concurrency?: number;
  /** Requests a second, in the long run. `Infinity` for no limit. @default by the host */
  readonly rate?: number;
  /** Requests at once after a rest. @default by the host */
  readonly burst?: number;
  /** Milliseconds a request waits for a host that asked for it; a longer pause fails it. @default 60_000 */
  readonly maxWaitMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** A failure that says something about the host as a whole. */
type HostFailure = Pick<RegistryError, "code" | "message" | "retryAfter">;

/** Whether a failure says something about the host, rather than about what was asked of it. */
export function concernsHost({ code, status }: RegistryError): boolean {
  return code === "throttled" || status === 503 || (code === "unreachable" && status === undefined);
}

/** A host was not asked, since it is left alone for a while: `throttled` if it is asked too often, else `unreachable`. */
export class HostPausedError extends RegistryError {
  override readonly name = "HostPausedError";

  /** @param ms until it is asked again */
  constructor(host: string, { code, message, retryAfter }: HostFailure, ms: number) {
    const seconds = Math.ceil(ms / 1000);
    const why =
      code === "throttled"
        ? "it limits how often it may be asked. Ask less often, or with credentials that may ask more"
        : `${retryAfter === undefined ? "it keeps failing" : "it asked for that"}. The last failure: ${message}`;
    super(
      code === "throttled" ? "throttled" : "unreachable",
      `not asked for another ${seconds} s, because ${why}`,
      { host },
      { retryAfter: ms },
    );
  }
}

/** What limits the requests to one host; all that ask the host share it. */
export interface HostPacer {
  /**
   * Resolves when a request may be sent; the result is called when its answer has been read.
   * @throws HostPausedError while the host is paused for longer than a request waits
   */
  turn(signal: AbortSignal): Promise<() => void>;
  /** The host answered sensibly. */
  succeeded(): void;
  /**
   * The host as a whole is busy or away: it is not asked for as long as it asked for; else 1 s, doubling to 1 min with every failure in
   * a row, with full jitter. If it was asked too often, it is from then on half as often, and a little more with every answer.
   */
  pause(failure: HostFailure): void;
  /** How often it was asked too often, so far. */
  readonly throttled: number;
  /** Whether the host's retry budget has one left: about one in ten requests may be a repetition. */
  mayRetry(): boolean;
}

/** Milliseconds between two tries of one request at most. */
export const MAX_BACKOFF_MS = 15 * 60_000;
/** Milliseconds a request waits to be asked again at most: the next scan asks again. */
export const MAX_WAIT_MS = 60_000;
/** Spreads requests that wait for the same moment. */
const SPREAD_MS = 1000;
/** Milliseconds a failing host is left alone at most: the next scan should find it when it is back. */
const MAX_PAUSE_MS = 60_000;
/** Milliseconds a request waits for a failing host; of many repositories each would wait anew. */
const MAX_WAIT_FOR_FAILING_MS = 40_000;
/** A day: longer is a mistake, or meant to stop us for good. */
const MAX_RETRY_AFTER_MS = 24 * 3600_000;
const RETRY_BUDGET = 10;
const RETRY_EARNED = 0.1;
/** A host that refuses what is too much is asked this many times as seldom at most. */
const MAX_SLOWDOWN = 64;
/** With each answer as much faster: twice as fast after 200. */
const RECOVERY = 0.5 ** (1 / 200);

export function createHostPacer(host: string, options: PacingOptions = {}): HostPacer {
  const pace = paceOf(host);
  const {
    concurrency = pace.concurrency,
    rate = pace.rate,
    burst = pace.burst,
    maxWaitMs = MAX_WAIT_MS,
    clock = systemClock,
    random = Math.random,
  } = options;
  const places = createSemaphore(concurrency);
  const now = steady(clock);
  const interval = 1000 / rate;
  let nextDue = 0;
  let pausedUntil = 0;
  let pausedFor: HostFailure | undefined;
  let failures = 0;
  let budget = RETRY_BUDGET;
  let slowed = 1;
  let refused = 0;

  /** Takes the next place in the schedule. @returns milliseconds until it */
  const reserve = (): number => {
    // No burst where the host was asked too fast.
    nextDue = Math.max(nextDue, now() - (slowed > 1 ? 0 : (burst - 1) * interval));
    const wait = nextDue - now();
    nextDue += interval * slowed;
    return wait;
  };
  const unpaused = async (signal: AbortSignal): Promise<void> => {
    for (let left = pausedUntil - now(); left > 0; left = pausedUntil - now()) {
      const most = pausedFor?.retryAfter === undefined ? Math.min(maxWaitMs, MAX_WAIT_FOR_FAILING_MS) : maxWaitMs;
      if (pausedFor && left > most) throw new HostPausedError(host, pausedFor, left);
      await clock.sleep(left, signal);
    }
  };
  return {
    async turn(signal) {
      const leave = await places.acquire(signal);
      try {
        await unpaused(signal);
        const wait = rate === Infinity ? 0 : reserve();
        if (wait > 0) await clock.sleep(wait, signal);
        await unpaused(signal);
        return leave;
      } catch (error) {
        leave();
        throw error;
      }
    },
    succeeded() {
      failures = 0;
      budget = Math.min(RETRY_BUDGET, budget + RETRY_EARNED);
      slowed = Math.max(1, slowed * RECOVERY);
    },
    pause(failure) {
      const { retryAfter } = failure;
      const throttled = failure.code === "throttled";
      // Requests that were under way together fail together: that is one failure.
      const again = now() < pausedUntil;
      if (throttled) refused += 1;
      if (throttled && !again) slowed = Math.min(MAX_SLOWDOWN, slowed * 2);
      if (retryAfter === undefined && again) return;
      const wait =
        retryAfter === undefined
          ? backoff(failures, random, MAX_PAUSE_MS)
          : Math.min(MAX_RETRY_AFTER_MS, retryAfter) + random() * SPREAD_MS;
      failures += 1;
      if (now() + wait < pausedUntil) return;
      pausedUntil = now() + wait;
      pausedFor = failure;
    },
    get throttled() {
      return refused;
    },
    mayRetry() {
      if (budget < 1) return false;
      budget -= 1;
      return true;
    },
  };
}
