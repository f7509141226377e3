import type { Bytes, Inputs } from "./inputs.ts";
import { Recorder } from "./recorder.ts";
import type { Timeline } from "./timeline.ts";

/** One way, in milliseconds. */
const TRIP_MS = 0.5;
/** The library's limit for one answer. */
const ANSWER_MS = 3000;
/** The service closes a connection that is idle for 75 s, and says so; clients give it up a second before. */
const IDLE_MS = 74_000;
const HEARTBEAT_MS = 15_000;
/** After which a client takes a silent stream for dead. */
const SILENCE_MS = 45_000;
const MAX_CONNECTIONS = 10_000;
/** Changes that a replica remembers for clients that were away. */
const MAX_REMEMBERED = 1000;
/** Streams whose event is sent in one step of the simulation. */
const CHUNK = 32;

export interface ReplicasOptions {
  readonly timeline: Timeline;
  readonly random: () => number;
  readonly inputs: Inputs;
  readonly types: number;
  readonly maxStreams: number;
  /** Milliseconds that a client is asked to wait which finds no room for a stream. */
  readonly retryAfter?: number | undefined;
  /** Longest time until the other replicas have what one wrote. */
  readonly lag: number;
}

/** A connection that is kept for the next request, to the replica that the load balancer chose for it. */
interface Connection {
  readonly replica: Replica;
  open: boolean;
  busy: boolean;
  idleSince: number;
  /** It is looked at once it was idle for long enough. */
  watched: boolean;
}

/** Who asks: its connections, and the version it has of each type. */
export class Caller {
  readonly connections: Connection[] = [];
  readonly versions = new Map<number, number>();
}

export type Outcome =
  | { readonly is: "answer"; readonly version: number }
  | { readonly is: "unreachable" }
  | { readonly is: "timeout" };

/** What a client hears of its stream. */
export interface Listener {
  /** @param id of a reset, which comes first; absent where it goes on */
  connected(id: number | undefined, events: readonly StreamEvent[]): void;
  event(event: StreamEvent): void;
  heartbeat(): void;
  /** It never was, or is no more. */
  ended(problem: Ending): void;
}

interface Ending {
  /** There is no room for it, and how long to wait. */
  readonly refused?: boolean;
  readonly retryAfter?: number | undefined;
  /** Nothing was heard for too long. */
  readonly timeout?: boolean;
}

export interface StreamEvent {
  readonly type: number;
  readonly version: number;
  readonly id: number;
}

interface Stream {
  readonly listener: Listener;
  readonly connection: Connection;
  heard: number;
}

/** One replica, as a queue before one processor. */
export class Replica {
  readonly index: number;
  up = true;
  /** Its node is gone: nothing is answered, and nobody is told. */
  silent = false;
  busyUntil = 0;
  /** When it has read all that was written so far. */
  reads = 0;
  connections = new Set<Connection>();
  streams = new Set<Stream>();
  sequence: number;
  readonly began: number;
  readonly versions: number[];
  readonly recent: { readonly sequence: number; readonly type: number; readonly version: number }[] = [];

  constructor(index: number, sequence: number, versions: readonly number[]) {
    this.index = index;
    this.began = this.sequence = sequence;
    this.versions = [...versions];
  }
}

/** The replicas behind a load balancer that chooses one at random for each new connection, as kube-proxy does. */
export class Replicas {
  readonly all: Replica[] = [];
  readonly recorder: Recorder;
  readonly #options: ReplicasOptions;
  /** Where new connections go. */
  readonly #serving: Replica[] = [];
  #sequence = 1;
  readonly #versions: number[];

  constructor(options: ReplicasOptions) {
    this.#options = options;
    this.recorder = new Recorder(options.timeline, options.types);
    this.#versions = Array.from({ length: options.types }, () => 1);
  }

  start(): Replica {
    const replica = new Replica(this.all.length, this.#sequence, this.#versions);
    this.all.push(replica);
    this.#serving.push(replica);
    this.#beat(replica);
    return replica;
  }

  /** The process ends: its connections are closed at once. */
  end(replica: Replica): void {
    replica.up = false;
    this.unlist(replica);
    for (const connection of replica.connections) connection.open = false;
    replica.connections.clear();
    const streams = [...replica.streams];
    replica.streams.clear();
    for (const { listener } of streams) this.#options.timeline.after(TRIP_MS, () => listener.ended({}));
  }

  /** The node is gone: clients find out by themselves. */
  silence(replica: Replica): void {
    replica.silent = true;
    for (const stream of replica.streams) {
      this.#options.timeline.at(stream.heard + SILENCE_MS, () => {
        this.#close(stream.connection);
        if (replica.streams.delete(stream)) stream.listener.ended({ timeout: true });
      });
    }
  }

  /** The load balancer sends it no new connections any more. */
  unlist(replica: Replica): void {
    const at = this.#serving.indexOf(replica);
    if (at >= 0) this.#serving.splice(at, 1);
  }

  /** A type gets another version: at one replica now, at the others a little later. */
  push(type: number): void {
    const { timeline, random, lag } = this.#options;
    this.#sequence += 1;
    const sequence = this.#sequence;
    const version = (this.#versions[type] = (this.#versions[type] ?? 0) + 1);
    this.recorder.pushed(type, version);
    const alive = this.all.filter(({ up, silent }) => up && !silent);
    const writer = Math.floor(random() * alive.length);
    for (const [index, replica] of alive.entries()) {
      // The journal is read in order.
      replica.reads = Math.max(replica.reads, timeline.now + (index === writer ? 0 : random() * lag));
      timeline.at(replica.reads, () => {
        if (replica.up && replica.sequence < sequence) this.#publish(replica, type, version, sequence);
      });
    }
  }

  /** Asks for one type. Only what takes no longer than the client waits is answered. */
  ask(caller: Caller, type: number, known: number | undefined, done: (outcome: Outcome) => void): void {
    const { timeline, inputs } = this.#options;
    const connection = this.#connect(caller);
    if (!connection) return timeline.after(2 * TRIP_MS, () => (this.recorder.failed(), done({ is: "unreachable" })));
    const { replica } = connection;
    connection.busy = true;
    const began = timeline.now;
    const changed = replica.versions[type] !== known;
    const answered = this.#work(replica, changed ? inputs.cost.changed : inputs.cost.unchanged) + TRIP_MS;
    if (replica.silent || answered - began > ANSWER_MS)
      return timeline.after(
        ANSWER_MS,
        () => (this.recorder.failed(), this.#close(connection), done({ is: "timeout" })),
      );
    this.recorder.asked(replica.index, changed ? inputs.bytes.changed : inputs.bytes.unchanged);
    timeline.at(answered, () => {
      if (!connection.open) return (this.recorder.failed(), done({ is: "unreachable" }));
      this.recorder.waited(timeline.now - began);
      this.#release(connection);
      const version = replica.versions[type] ?? 0;
      const before = caller.versions.get(type);
      caller.versions.set(type, version);
      if (before === undefined) this.recorder.holds(type);
      else if (version > before) this.recorder.has(type, before, version);
      done({ is: "answer", version });
    });
  }

  /** Opens a stream of events. @param lastId of the last event that the client has */
  listen(caller: Caller, lastId: number | undefined, listener: Listener): void {
    const { timeline, inputs, maxStreams, retryAfter } = this.#options;
    const connection = this.#connect(caller);
    if (!connection) return timeline.after(2 * TRIP_MS, () => listener.ended({}));
    connection.busy = true;
    const { replica } = connection;
    const began = timeline.now;
    const refused = replica.streams.size >= maxStreams;
    const answered = this.#work(replica, inputs.cost.listen) + TRIP_MS;
    if (replica.silent || answered - began > ANSWER_MS)
      return timeline.after(ANSWER_MS, () => (this.#close(connection), listener.ended({ timeout: true })));
    this.recorder.listened(replica.index, refused ? inputs.bytes.refused : inputs.bytes.listen, refused);
    if (refused) {
      timeline.at(answered, () => (this.#release(connection), listener.ended({ refused, retryAfter })));
      return;
    }
    const stream: Stream = { listener, connection, heard: timeline.now };
    replica.streams.add(stream);
    this.recorder.streams(replica.index, replica.streams.size);
    const isKnown = lastId !== undefined && lastId >= replica.began && lastId <= replica.sequence;
    const missed = isKnown ? replica.recent.filter(({ sequence }) => sequence >= lastId) : [];
    const events = missed.map(({ sequence, type, version }) => ({ id: sequence - 1, type, version }));
    timeline.at(answered, () => {
      if (replica.streams.has(stream)) listener.connected(isKnown ? undefined : replica.sequence, events);
    });
  }

  /** Queues work at a replica. Returns when it is done. */
  #work(replica: Replica, micros: number): number {
    const began = Math.max(this.#options.timeline.now + TRIP_MS, replica.busyUntil);
    replica.busyUntil = began + micros / 1000;
    this.recorder.worked(replica.index, began, micros);
    return replica.busyUntil;
  }

  #connect(caller: Caller): Connection | undefined {
    const { timeline, random, inputs } = this.#options;
    const { connections } = caller;
    for (let index = connections.length - 1; index >= 0; index -= 1)
      if (!connections[index]?.open) connections.splice(index, 1);
    const idle = connections.find(({ busy }) => !busy);
    if (idle) return idle;
    const replica = this.#serving[Math.floor(random() * this.#serving.length)];
    if (!replica || replica.connections.size >= MAX_CONNECTIONS) return undefined;
    const connection: Connection = { replica, open: true, busy: false, idleSince: timeline.now, watched: false };
    connections.push(connection);
    replica.connections.add(connection);
    this.recorder.connected(replica.index, replica.connections.size);
    this.#work(replica, inputs.cost.connection);
    return connection;
  }

  #release(connection: Connection): void {
    connection.busy = false;
    connection.idleSince = this.#options.timeline.now;
    this.#expire(connection);
  }

  /** Closes it once it was idle for long enough. One look at a time. */
  #expire(connection: Connection): void {
    if (connection.watched) return;
    connection.watched = true;
    this.#options.timeline.at(connection.idleSince + IDLE_MS, () => {
      connection.watched = false;
      if (!connection.open || connection.busy) return;
      if (connection.idleSince + IDLE_MS > this.#options.timeline.now) this.#expire(connection);
      else this.#close(connection);
    });
  }

  #close(connection: Connection): void {
    connection.open = false;
    connection.replica.connections.delete(connection);
  }

  #publish(replica: Replica, type: number, version: number, sequence: number): void {
    const { inputs } = this.#options;
    replica.versions[type] = Math.max(version, replica.versions[type] ?? 0);
    replica.sequence = sequence;
    replica.recent.push({ sequence, type, version });
    if (replica.recent.length > MAX_REMEMBERED) replica.recent.shift();
    this.#send(replica, inputs.bytes.event, ({ listener }) => listener.event({ type, version, id: sequence - 1 }));
  }

  #beat(replica: Replica): void {
    this.#options.timeline.after(HEARTBEAT_MS, () => {
      if (!replica.up || replica.silent) return;
      this.#send(replica, this.#options.inputs.bytes.heartbeat, ({ listener }) => listener.heartbeat());
      this.#beat(replica);
    });
  }

  /** To all streams, one after the other. */
  #send(replica: Replica, bytes: Bytes, tell: (stream: Stream) => void): void {
    const { timeline, inputs } = this.#options;
    const streams = [...replica.streams];
    for (let from = 0; from < streams.length; from += CHUNK) {
      const chunk = streams.slice(from, from + CHUNK);
      this.recorder.sent(replica.index, chunk.length, bytes);
      timeline.at(this.#work(replica, chunk.length * inputs.cost.event) + TRIP_MS, () => {
        for (const stream of chunk) {
          if (!replica.streams.has(stream)) continue;
          stream.heard = timeline.now;
          tell(stream);
        }
      });
    }
  }
}
