/** A Kubernetes API path below the server, such as `/api/v1/nodes`. */
export type ApiPath = `/${string}`;

/** What every call can carry. */
export interface ApiCall {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly signal?: AbortSignal;
}

/** A call that may send a body and reads one JSON answer. */
export interface ApiRequest extends ApiCall {
  /** @default "GET" */
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  readonly body?: unknown;
  /** @default "application/json"; a PATCH says which kind it is. */
  readonly contentType?: string;
  /** Besides those of every call; for what is asked through the API server. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Takes the headers of an answer in 2xx, before its body. */
  readonly answered?: (headers: Readonly<Record<string, string | string[] | undefined>>) => void;
  /** Milliseconds for the whole call. @default 30_000 */
  readonly timeout?: number;
  /** Most bytes of the answer. @default 64 MiB */
  readonly limit?: number;
  /** Takes the items of a list one after the other, which the answer may lack then. */
  readonly item?: (item: unknown) => void;
}

/** A call whose answer is read line by line while it arrives: a watch, or a container's log. */
export interface ApiStream extends ApiCall {
  /** Milliseconds without a byte after which the connection counts as dead. @default none */
  readonly idle?: number;
  /** Most bytes of one line. @default 16 MiB */
  readonly lineLimit?: number;
  /**
   * Takes the lines, which are not yielded then, at once as they arrive: reading the answer calls it, and does not wait for it.
   * A line is valid during its call only. What it throws ends the stream.
   */
  readonly take?: (line: Buffer) => void;
}

/**
 * The few things this project asks of a Kubernetes API server.
 * Rejections are `KubernetesError`s (`forbidden`, `not-found`, `conflict`, `gone`, `unreachable`, …), or the signal's reason.
 */
export interface KubernetesApi {
  /** For messages: the server's URL, without credentials. */
  readonly server: string;
  /** The kubeconfig context, or `in-cluster`. */
  readonly context: string;
  /** The namespace meant when none is named: the pod's own, the context's, else `default`. */
  readonly namespace: string;
  /** Resolves to the answer's JSON. */
  request(path: ApiPath, options?: ApiRequest): Promise<unknown>;
  /** Resolves once the server has accepted; yields lines without their newline. Ends when the server ends it. */
  lines(path: ApiPath, options?: ApiStream): Promise<AsyncIterable<Buffer>>;
  /** The server's clock, from its last answer's `Date`, as milliseconds since the Unix epoch; for `doctor`. */
  serverTime(): { readonly server: number; readonly local: number } | undefined;
  /** Ends idle connections. */
  close(): void;
}

/** What the names of our labels and annotations begin with. */
export const LABEL_PREFIX = "executor-registry.dev/";

/** The label that says which executor type an object is about. */
export const TYPE_LABEL = `${LABEL_PREFIX}type`;

/** Name of the ConfigMap that keeps when images were first seen on nodes. */
export const SIGHTINGS_NAME = "executor-registry-sightings";
