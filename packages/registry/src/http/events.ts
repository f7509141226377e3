import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Clock, ExecutorEvent } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { type Freshness, placeText } from "./freshness.ts";
import type { Snapshot } from "../choice/snapshot.ts";

/** Server-sent events of every change of an answer. */
export interface EventStream {
  /**
   * Whether one more stream of this address is accepted. When there are as many as there may be, the oldest one of the address that
   * has the largest number is ended for it, unless that is this address.
   */
  makeRoom(address: string): boolean;
  /** Takes over a response and writes to it until it, or the service, ends. */
  open(response: ServerResponse, listener: Listener): void;
  /** Ends the streams of those who may not listen any more. */
  review(allowed: (authorization: string | undefined) => Promise<boolean>): Promise<void>;
  /** How many clients listen. */
  readonly size: number;
  close(): void;
}

/** Who listens. */
interface Listener {
  readonly address: string;
  /** The header it came with. */
  readonly authorization: string | undefined;
  /** As the client sent it. */
  readonly lastEventId: string | undefined;
}

/** Changes that a client which was away can catch up on. */
const MAX_REMEMBERED_EVENTS = 1000;
const HEARTBEAT_MS = 15_000;
/** A client that reads slower than this many bytes behind is cut off; it comes back and catches up. */
const MAX_UNSENT_BYTES = 1 << 20;
/** And those that are furthest behind, when all together are. */
const MAX_UNSENT_BYTES_OF_ALL = 32 << 20;

/** How many may listen. */
export interface StreamLimits {
  readonly all: number;
  /** Clients behind one proxy have one address, unless the configuration trusts the proxy. */
  readonly perAddress: number;
}

/** Where the journal is. */
type JournalPlace = Pick<Catalogue, "head" | "origin" | "onReset">;

/**
 * `event: executor` with a type's new image, `event: reset` where a client has to ask again for all it keeps: it was away too long, or
 * comes from another journal. An id is a place in the journal up to which all was sent, so that a client goes on at any replica; what it
 * gets twice says nothing new.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function createEventStream(
  snapshot: Snapshot,
  journal: JournalPlace,
  limits: StreamLimits,
  clock: Clock,
  freshness?: Freshness,
): EventStream {
  const process = randomUUID().slice(0, 8);
  const ending = new AbortController();
  /** In the order of their coming. */
  const streams = new Map<ServerResponse, Listener>();
  const recent: { readonly sequence: number; readonly text: string }[] = [];
  /** What was answered by the time of this entry is in no event that is remembered, or in all of them. */
  let began = journal.head.sequence;
  /** Up to which entry all events were sent, and how far the journal is: between the two, more may come. */
  let [sent, reached] = [began, began];
  /** An empty journal is nobody's but this process's. */
  const idAt = (sequence: number): string => placeText(journal.origin ?? process, sequence);

  const send = (response: ServerResponse, text: string): void => {
    if (response.writableLength > MAX_UNSENT_BYTES) response.destroy();
    else response.write(text);
  };
  const cutOffSlowest = (): void => {
    let all = 0;
    for (const response of streams.keys()) all += response.writableLength;
    if (all <= MAX_UNSENT_BYTES_OF_ALL) return;
    for (const response of [...streams.keys()].sort((a, b) => b.writableLength - a.writableLength)) {
      if (all <= MAX_UNSENT_BYTES_OF_ALL) return;
      all -= response.writableLength;
      response.destroy();
    }
  };
  const stop = snapshot.onChange((event: ExecutorEvent) => {
    const { sequence } = journal.head;
    if (sequence > reached) [sent, reached] = [reached, sequence];
    const text = `id: ${idAt(sent)}\nevent: executor\ndata: ${JSON.stringify({ ...event, journal: freshness?.journal })}\n\n`;
    recent.push({ sequence, text });
    // Others of the same entry may be gone too.
    if (recent.length > MAX_REMEMBERED_EVENTS) began = (recent.shift()?.sequence ?? sequence) + 1;
    for (const response of streams.keys()) send(response, text);
    cutOffSlowest();
  });
  const beat = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await clock.sleep(HEARTBEAT_MS, ending.signal);
      for (const response of streams.keys()) send(response, ": heartbeat\n\n");
    }
  };
  beat().catch(() => {});

  const resetText = (): string => `id: ${idAt(journal.head.sequence)}\nevent: reset\ndata: {}\n\n`;
  const stopResets = journal.onReset(() => {
    recent.length = 0;
    began = sent = reached = journal.head.sequence;
    for (const response of streams.keys()) send(response, resetText());
  });

  /** What a client that has seen `lastEventId` missed; `undefined` where that is not known. */
  const missed = (lastEventId: string | undefined): readonly string[] | undefined => {
    const [, number] = /-(\d{1,15})$/.exec(lastEventId ?? "") ?? [];
    const seen = Number(number);
    // One that has seen more than this replica, which is behind, may hold what is not so any more.
    if (lastEventId !== idAt(seen) || seen < began || seen > journal.head.sequence) return undefined;
    // What is watched changes without an entry: at the same place too.
    return recent.filter(({ sequence }) => sequence >= seen).map(({ text }) => text);
  };

  return {
    get size() {
      return streams.size;
    },
    makeRoom(address) {
      const counts = new Map<string, number>();
      for (const listener of streams.values()) counts.set(listener.address, (counts.get(listener.address) ?? 0) + 1);
      const own = counts.get(address) ?? 0;
      if (own >= limits.perAddress) return false;
      if (streams.size < limits.all) return true;
      const [[greedy, most] = [address, own]] = [...counts].sort(([, a], [, b]) => b - a);
      if (most <= own + 1) return false;
      const [oldest] = [...streams].find(([, listener]) => listener.address === greedy) ?? [];
      if (oldest === undefined) return false;
      // It comes back and catches up, when there is room.
      streams.delete(oldest);
      oldest.end();
      return true;
    },
    async review(allowed) {
      await Promise.all(
        [...streams].map(async ([response, { authorization }]) => {
          if (!(await allowed(authorization))) response.end();
        }),
      );
    },
    open(response, listener) {
      if (ending.signal.aborted) return void response.end();
      response.write("retry: 3000\n\n");
      const events = missed(listener.lastEventId) ?? [resetText()];
      for (const event of events) send(response, event);
      streams.set(response, listener);
      response.on("close", () => streams.delete(response));
    },
    close() {
      ending.abort();
      stop();
      stopResets();
      for (const response of streams.keys()) response.end();
    },
  };
}
