import { type LoopbackServer, startLoopbackServer } from "./loopback-server.ts";

/** A span as a collector has received it. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2: an error. */
  readonly status: number;
  /** Of the service that sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

/** What takes traces by OTLP over HTTP, as JSON. */
export interface OtlpCollector extends AsyncDisposable {
  readonly url: string;
  readonly received: LoopbackServer["received"];
  readonly spans: readonly CollectedSpan[];
  /** Resolves to what holds of the spans so far, once something does. */
  until<T>(found: (spans: readonly CollectedSpan[]) => T | undefined): Promise<T>;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
interface SentSpan extends Omit<CollectedSpan, "attributes" | "links" | "status" | "resource"> {
  readonly attributes?: readonly Attribute[];
  readonly links?: CollectedSpan["links"];
  readonly status?: { readonly code?: number };
}
interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

/** @see https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export async function startOtlpCollector(): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = [];
  let arrived = (): void => {};
  const server = await startLoopbackServer(({ path, body }, response) => {
    if (path !== "/v1/traces") return void response.writeHead(404).end();
    const { resourceSpans } = JSON.parse(body.toString()) as Sent;
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
        const { traceId, spanId, parentSpanId, name, kind, links = [], status, attributes = [] } = span;
        const parent = parentSpanId ? { parentSpanId } : {};
        const facts = { attributes: valuesOf(attributes), resource: valuesOf(resource.attributes) };
        spans.push({ traceId, spanId, ...parent, name, kind, links, status: status?.code ?? 0, ...facts });
      }
    }
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
    arrived();
  });
  return {
    url: server.url,
    received: server.received,
    spans,
    async until(found) {
      for (;;) {
        const value = found(spans);
        if (value !== undefined) return value;
        await new Promise<void>((resolve) => (arrived = resolve));
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const valuesOf = (attributes: readonly Attribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
