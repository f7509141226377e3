/** Bytes of HTTP, without TLS, TCP and IP. */
export interface Bytes {
  readonly up: number;
  readonly down: number;
}

/** What one replica and the library's client take for each thing that happens, as measured. */
export interface Inputs {
  /** Of a request and its answer, by what is asked. */
  readonly bytes: {
    /** A type whose answer is not known, or changed. */
    readonly changed: Bytes;
    /** A type whose answer is known: 304. */
    readonly unchanged: Bytes;
    /** All types. */
    readonly list: Bytes;
    /** The head of a stream of events, and the first event, which is a reset. */
    readonly listen: Bytes;
    readonly refused: Bytes;
    readonly event: Bytes;
    readonly heartbeat: Bytes;
  };
  /** Microseconds of a replica's processor. */
  readonly cost: {
    readonly changed: number;
    readonly unchanged: number;
    readonly list: number;
    /** Of a new connection, besides what is asked on it. */
    readonly connection: number;
    readonly listen: number;
    /** Of one event, or one heartbeat, to one stream. */
    readonly event: number;
  };
  /** Bytes of a replica's memory. */
  readonly memory: {
    /** Without connections. */
    readonly base: number;
    readonly connection: number;
    readonly stream: number;
  };
}
