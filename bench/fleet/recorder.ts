import type { Bytes } from "./inputs.ts";
import type { Timeline } from "./timeline.ts";

/** What happened at one replica within one second. */
interface Second {
  requests: number;
  refused: number;
  bytes: number;
  messages: number;
  busy: number;
  connections: number;
  streams: number;
}

/** What a window of time came to. Rates are a second's, of all replicas unless said otherwise. */
export interface Figures {
  readonly requests: number;
  /** Most within one second, at one replica. */
  readonly peak: number;
  readonly refused: number;
  readonly bytes: number;
  /** With TLS, TCP and IP, as assumed. */
  readonly wireBytes: number;
  /** Most at one replica. */
  readonly connections: number;
  readonly streams: number;
  /** Share of a processor: on average, and in the busiest second of one replica. */
  readonly busy: number;
  readonly busiest: number;
  readonly failed: number;
  /** The longest time until an answer, in milliseconds. */
  readonly slowest: number;
}

/** Until so many of those that use a type have its new version, in milliseconds. */
export interface Spread {
  readonly half: number;
  readonly most: number;
  readonly all: number;
}

interface Push {
  readonly type: number;
  readonly version: number;
  readonly at: number;
  readonly holders: number;
  readonly times: number[];
}

/** Of a message: a TLS record, and the headers of TCP with timestamps and of IPv4, with an acknowledgement. Assumed, not measured. */
const MESSAGE_OVERHEAD_BYTES = 22 + 52 + 52;

export class Recorder {
  readonly #timeline: Timeline;
  /** By replica, then by second. */
  readonly #seconds: Second[][] = [];
  readonly #holders: number[];
  readonly #pushes: Push[] = [];
  readonly #failures: number[] = [];
  readonly #waits: number[] = [];

  constructor(timeline: Timeline, types: number) {
    this.#timeline = timeline;
    this.#holders = Array.from({ length: types }, () => 0);
  }

  asked(replica: number, bytes: Bytes): void {
    const second = this.#second(replica);
    second.requests += 1;
    this.#carried(second, bytes, 2);
  }

  listened(replica: number, bytes: Bytes, refused: boolean): void {
    this.asked(replica, bytes);
    if (refused) this.#second(replica).refused += 1;
  }

  sent(replica: number, count: number, { down }: Bytes): void {
    this.#carried(this.#second(replica), { up: 0, down: count * down }, count);
  }

  worked(replica: number, at: number, micros: number): void {
    // Work that does not fit into this second is done in the next ones.
    let [second, offset, left] = [Math.floor(at / 1000), (at % 1000) * 1000, micros];
    for (; left > 0; second += 1, offset = 0) {
      const part = Math.min(left, 1e6 - offset);
      this.#second(replica, second).busy += part;
      left -= Math.max(part, 1e-6);
    }
  }

  connected(replica: number, count: number): void {
    const second = this.#second(replica);
    second.connections = Math.max(second.connections, count);
  }

  streams(replica: number, count: number): void {
    const second = this.#second(replica);
    second.streams = Math.max(second.streams, count);
  }

  failed(): void {
    const second = Math.floor(this.#timeline.now / 1000);
    this.#failures[second] = (this.#failures[second] ?? 0) + 1;
  }

  waited(ms: number): void {
    const second = Math.floor(this.#timeline.now / 1000);
    this.#waits[second] = Math.max(this.#waits[second] ?? 0, ms);
  }

  /** One more uses a type. */
  holds(type: number): void {
    this.#holders[type] = (this.#holders[type] ?? 0) + 1;
  }

  pushed(type: number, version: number): void {
    this.#pushes.push({ type, version, at: this.#timeline.now, holders: this.#holders[type] ?? 0, times: [] });
  }

  has(type: number, before: number, version: number): void {
    for (const push of this.#pushes)
      if (push.type === type && push.version > before && push.version <= version)
        push.times.push(this.#timeline.now - push.at);
  }

  /** Of all that was pushed in a window. Those that never got it count as infinitely late. */
  spread(from: number, to: number): Spread {
    const pushes = this.#pushes.filter(({ at }) => at >= from && at < to);
    const times = pushes.flatMap(({ times, holders }) => [
      ...times,
      ...Array.from({ length: Math.max(0, holders - times.length) }, () => Infinity),
    ]);
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.max(0, Math.ceil(times.length * share) - 1)] ?? NaN;
    return { half: at(0.5), most: at(0.99), all: at(1) };
  }

  figures(from: number, to: number, counts: readonly { connections: number; streams: number }[]): Figures {
    const [first, last] = [Math.floor(from / 1000), Math.floor(to / 1000)];
    const duration = last - first;
    const windows = this.#seconds.map((seconds) => seconds.slice(first, last));
    const seconds = windows.flat().filter((second) => second !== undefined);
    const sum = (of: keyof Second): number => seconds.reduce((all, second) => all + second[of], 0) / duration;
    const most = (of: keyof Second): number => seconds.reduce((all, second) => Math.max(all, second[of]), 0);
    const standing = (of: "connections" | "streams"): number => Math.max(...counts.map((count) => count[of]));
    return {
      requests: sum("requests"),
      peak: most("requests"),
      refused: sum("refused"),
      bytes: sum("bytes"),
      wireBytes: sum("bytes") + sum("messages") * MESSAGE_OVERHEAD_BYTES,
      connections: Math.max(most("connections"), standing("connections")),
      streams: Math.max(most("streams"), standing("streams")),
      busy: sum("busy") / 1e6,
      busiest: most("busy") / 1e6,
      failed: this.#failures.slice(first, last).reduce((all, count) => all + (count ?? 0), 0),
      slowest: this.#waits.slice(first, last).reduce((all, wait) => Math.max(all, wait ?? 0), 0),
    };
  }

  #carried(second: Second, { up, down }: Bytes, messages: number): void {
    second.bytes += up + down;
    second.messages += messages;
  }

  #second(replica: number, at = Math.floor(this.#timeline.now / 1000)): Second {
    const seconds = (this.#seconds[replica] ??= []);
    return (seconds[at] ??= { requests: 0, refused: 0, bytes: 0, messages: 0, busy: 0, connections: 0, streams: 0 });
  }
}
