import { type Context, ROOT_CONTEXT, type Span as OtelSpan, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { type ExportResult, ExportResultCode, parseTraceParent } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { type Clock, ExecutorRegistryError, type Logger, VERSION } from "@executor-registry/resolver";
import { agentPair, type Proxies, proxiesOf } from "../net/proxies.ts";
import type { TracingSettings } from "./settings.ts";
import type { Span, SpanAttributes, Tracer, TraceStart } from "./tracer.ts";

/** Spans that wait to be sent; those that do not fit in are lost. */
const MAX_WAITING = 2048;
const SEND_EVERY_MS = 2000;
/** Milliseconds for a request and those after it that repeat it. */
const SEND_MS = 5000;
/** Milliseconds for what has not been sent when the service ends. */
const END_MS = 1000;
/** A collector that is away for long is not in the log all the time. */
const WARN_EVERY_MS = 3_600_000;

const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER } as const;

/** What sending traces needs. */
export interface TracerContext {
  /** What this service is called among its replicas. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** @default the environment's */
  readonly proxies?: Proxies;
}

/**
 * Traces into a collector. The only file that imports OpenTelemetry's SDK: loaded where the configuration has a collector.
 * @throws ConfigurationError for an environment that names no proper proxy
 */
export function openTelemetryTracer(
  settings: TracingSettings,
  { instance, clock, log, proxies = proxiesOf() }: TracerContext,
): Tracer {
  const collector = new URL("v1/traces", settings.endpoint.replace(/\/*$/, "/"));
  const agents = agentPair(undefined, proxies.of(collector));
  const exporter = new OTLPTraceExporter({
    url: collector.href,
    headers: settings.headers,
    timeoutMillis: SEND_MS,
    httpAgentOptions: () => (collector.protocol === "https:" ? agents.https : agents.http),
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.name": "executor-registry",
      "service.version": VERSION,
      "service.instance.id": instance,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.sample) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: reporting(exporter, collector.host, { clock, log }),
        maxQueueSize: MAX_WAITING,
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: SEND_MS + 1000,
      }),
    ],
  });
  const tracer = provider.getTracer("executor-registry", VERSION);
  /** By our spans, for links. */
  const ours = new WeakMap<Span, OtelSpan>();

  const start = (
    name: string,
    context: Context,
    attributes: SpanAttributes,
    kind: SpanKind,
    links: readonly Span[],
  ) => {
    const linked = links.flatMap((link) => ours.get(link)?.spanContext() ?? []);
    const given = { kind, attributes: known(attributes), links: linked.map((one) => ({ context: one })) };
    return spanOf(tracer.startSpan(name, given, context));
  };
  const spanOf = (otel: OtelSpan): Span => {
    const { traceId, spanId } = otel.spanContext();
    const within = trace.setSpan(ROOT_CONTEXT, otel);
    const span: Span = {
      ids: { traceId, spanId },
      child: (name, attributes = {}, links = []) => start(name, within, attributes, SpanKind.INTERNAL, links),
      set: (attributes) => void otel.setAttributes(known(attributes)),
      end(error) {
        if (error !== undefined) {
          const { code, message } = problemOf(error);
          otel.setAttribute("error.type", code).setStatus({ code: SpanStatusCode.ERROR, message });
        }
        otel.end();
      },
    };
    ours.set(span, otel);
    return span;
  };

  return {
    begin(name, { kind, attributes = {}, traceparent }: TraceStart = {}) {
      const caller = parseTraceParent(traceparent ?? "");
      const context = caller ? trace.setSpanContext(ROOT_CONTEXT, { ...caller, isRemote: true }) : ROOT_CONTEXT;
      return start(name, context, attributes, kind === undefined ? SpanKind.INTERNAL : KINDS[kind], []);
    },
    async close() {
      const done = new AbortController();
      const late = clock.sleep(END_MS, done.signal).catch(() => {});
      await Promise.race([provider.shutdown().catch(() => {}), late]);
      done.abort();
    },
  };
}

const known = (attributes: SpanAttributes): Record<string, string | number | boolean | string[]> =>
  Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === "object" ? [...value] : value]],
    ),
  );

/** Only our own errors' messages are for others to see. */
const problemOf = (error: unknown): { readonly code: string; readonly message: string } =>
  error instanceof ExecutorRegistryError ? error : { code: "internal", message: "see the log" };

/** A collector that takes nothing costs its spans, and a line of the log once in a while. */
function reporting(
  exporter: SpanExporter,
  host: string,
  { clock, log }: Pick<TracerContext, "clock" | "log">,
): SpanExporter {
  let warned = -Infinity;
  const failed = ({ error }: ExportResult, lost: number): void => {
    if (Math.abs(clock.now() - warned) < WARN_EVERY_MS) return;
    warned = clock.now();
    const problem = error?.message ?? "it gave no reason";
    log.warn(
      { host, code: "unreachable", problem, lost },
      "traces cannot be sent to the collector, and are lost meanwhile",
    );
  };
  return {
    export(spans: ReadableSpan[], done) {
      exporter.export(spans, (result) => {
        if (result.code === ExportResultCode.FAILED) failed(result, spans.length);
        done({ code: ExportResultCode.SUCCESS });
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}
