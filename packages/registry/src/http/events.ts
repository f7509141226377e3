import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Clock, ExecutorEvent } from "@executor-registry/resolver";
import type { Snapshot } from "../catalogue/snapshot.ts";

/** Server-sent events of every change of an answer. */
export interface EventStream {
  /**
   * Takes over a response and writes to it until it, or the service, ends.
   * @param lastEventId as the client sent it
   */
  open(response: ServerResponse, lastEventId: string | undefined): void;
  /** How many clients listen. */
  readonly size: number;
  /** There is no room for one more. */
  readonly full: boolean;
  close(): void;
}

/** Changes that a client which was away can catch up on. */
const REMEMBERED = 1000;
const MOST_STREAMS = 1000;
const HEARTBEAT = 15_000;
/** A client that reads slower than this many bytes behind is cut off; it comes back and catches up. */
const MOST_UNSENT = 1 << 20;

/**
 * `event: executor` with a type's new image, `event: reset` where a client has to ask anew for all it keeps: it was away too long, or
 * this process does not know what it has seen. Ids are this process's own: another replica resets.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function createEventStream(snapshot: Snapshot, clock: Clock): EventStream {
  const process = randomUUID().slice(0, 8);
  const ending = new AbortController();
  const streams = new Set<ServerResponse>();
  const recent: string[] = [];
  let count = 0;

  const send = (response: ServerResponse, text: string): void => {
    if (response.writableLength > MOST_UNSENT) response.destroy();
    else response.write(text);
  };
  const stop = snapshot.onChange((event: ExecutorEvent) => {
    count += 1;
    const text = `id: ${process}-${count}\nevent: executor\ndata: ${JSON.stringify(event)}\n\n`;
    recent.push(text);
    if (recent.length > REMEMBERED) recent.shift();
    for (const response of streams) send(response, text);
  });
  const beat = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await clock.sleep(HEARTBEAT, ending.signal);
      for (const response of streams) send(response, ": heartbeat\n\n");
    }
  };
  beat().catch(() => {});

  /** What a client that has seen `lastEventId` missed; `undefined` where nobody can tell. */
  const missed = (lastEventId: string | undefined): readonly string[] | undefined => {
    const [, id, number] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(lastEventId ?? "") ?? [];
    if (id !== process || number === undefined) return undefined;
    const behind = count - Number(number);
    return behind < 0 || behind > recent.length ? undefined : recent.slice(recent.length - behind);
  };

  return {
    get size() {
      return streams.size;
    },
    get full() {
      return streams.size >= MOST_STREAMS;
    },
    open(response, lastEventId) {
      if (ending.signal.aborted) return void response.end();
      response.write("retry: 3000\n\n");
      const events = missed(lastEventId) ?? [`id: ${process}-${count}\nevent: reset\ndata: {}\n\n`];
      for (const event of events) send(response, event);
      streams.add(response);
      response.on("close", () => streams.delete(response));
    },
    close() {
      ending.abort();
      stop();
      for (const response of streams) response.end();
    },
  };
}
