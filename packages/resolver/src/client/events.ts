import type { Clock, Random } from "../tools/clock.ts";
import { createBackoff } from "../tools/backoff.ts";
import type { Logger } from "../tools/logger.ts";
import { RegistryServiceError } from "./errors.ts";
import { createEventParser, type StreamEvent } from "./event-stream.ts";
import { type Asking, request, serviceRefusal } from "./request.ts";
import type { Endpoint } from "./service.ts";
import type { RegistrySettings } from "./settings.ts";
import { withTimeLimit } from "../tools/time-limit.ts";

/** The service sends a comment every 15 seconds; three missed ones mean that the connection is dead. */
const SILENCE = 45_000;

/** What happens to the stream. */
export interface EventsHandler {
  /** Bytes arrive. @param resumed whether what was missed in between will come */
  connected(resumed: boolean): void;
  event(event: StreamEvent): void;
  /** @param heard when the last sign of life came */
  lost(heard: number): void;
}

export interface EventsOptions {
  readonly endpoints: readonly Endpoint[];
  readonly settings: Asking & Pick<RegistrySettings, "timeout">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Follows the service's events, and connects again when they end, until the signal aborts. Then it rejects with its reason. */
export async function followEvents(
  options: EventsOptions,
  handler: EventsHandler,
  signal: AbortSignal,
): Promise<never> {
  const { endpoints, clock, random, log } = options;
  const backoff = createBackoff(random);
  let lastId = "";
  for (;;) {
    let retryAfter: number | undefined;
    for (const { url, breaker } of endpoints) {
      let [since, heard] = [0, 0];
      const alive = (): void => {
        heard = clock.now();
        if (since !== 0) return;
        since = heard;
        breaker.answered();
        handler.connected(lastId !== "");
      };
      try {
        await follow(url, lastId, options, signal, (events) => {
          alive();
          for (const event of events) {
            lastId = event.id || lastId;
            handler.event(event);
          }
        });
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof RegistryServiceError) retryAfter = error.retryAfter;
        log.debug({ url: url.href, err: error }, "no events; answers are asked for again as they expire");
      }
      if (since === 0) continue;
      handler.lost(heard);
      // One that ends at once must not be tried again at once.
      if (heard - since >= SILENCE) backoff.reset();
      break;
    }
    await clock.sleep(backoff.next(retryAfter), signal);
  }
}

async function follow(
  base: URL,
  lastId: string,
  { settings, clock }: EventsOptions,
  signal: AbortSignal,
  heard: (events: readonly StreamEvent[]) => void,
): Promise<void> {
  const connection = new AbortController();
  const stop = (): void => connection.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const late = (): Error =>
      new RegistryServiceError("timeout", `it did not answer within ${settings.timeout / 1000} s`);
    const headers = { accept: "text/event-stream", ...(lastId !== "" && { "last-event-id": lastId }) };
    const response = await withTimeLimit({ clock, ms: settings.timeout, signal: connection.signal, late }, () =>
      request(new URL("events", base), { method: "GET", headers, signal: connection.signal }, settings),
    );
    const type = response.headers.get("content-type") ?? "";
    if (response.status !== 200 || !type.startsWith("text/event-stream"))
      throw serviceRefusal(response, undefined, clock);
    const parse = createEventParser();
    if (!response.body) return;
    const chunks = response.body[Symbol.asyncIterator]();
    for (;;) {
      const silent = (): Error => new RegistryServiceError("timeout", `it said nothing for ${SILENCE / 1000} s`);
      const wait = { clock, ms: SILENCE, signal: connection.signal, late: silent };
      const { done, value } = await withTimeLimit(wait, () => chunks.next());
      if (done) return;
      heard(parse(value));
    }
  } finally {
    signal.removeEventListener("abort", stop);
    connection.abort();
  }
}
