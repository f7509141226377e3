/** What is known of a piece of work. Named as in the log, or by OpenTelemetry's semantic conventions. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** A piece of work that is measured, as part of a trace. */
export interface Span {
  /** By which it is found where traces are kept, in hex; absent while nothing is traced. */
  readonly ids?: { readonly traceId: string; readonly spanId: string };
  /** Begins work that this one causes, which may be later than its end. @param links what else caused it */
  child(name: string, attributes?: SpanAttributes, links?: readonly Span[]): Span;
  set(attributes: SpanAttributes): void;
  /** @param error why the work failed */
  end(error?: unknown): void;
}

/** How a trace begins. */
export interface TraceStart {
  /** What it begins with: a request, or a message of a queue. @default something of our own */
  readonly kind?: "server" | "consumer";
  readonly attributes?: SpanAttributes;
  /** The caller's header, by which its trace goes on. @see https://www.w3.org/TR/trace-context/ */
  readonly traceparent?: string | undefined;
}

/** Begins traces. Passed to what begins them: there is no global one. */
export interface Tracer {
  begin(name: string, start?: TraceStart): Span;
  /** Sends what has not been sent, for a while. Never rejects. */
  close(): Promise<void>;
}

/** The span of what is not traced. */
export const NO_SPAN: Span = { child: () => NO_SPAN, set() {}, end() {} };

/** Traces nothing. */
export const UNTRACED: Tracer = { begin: () => NO_SPAN, close: () => Promise.resolve() };

/** A span of work that has several causes: in the trace of the first, linked to the others. @param begin where there are none */
export function causedBy(causes: readonly Span[], name: string, attributes: SpanAttributes, begin: () => Span): Span {
  const [first, ...others] = causes;
  return first === undefined ? begin() : first.child(name, attributes, others);
}
