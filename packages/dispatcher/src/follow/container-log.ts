import type { Clock, Logger, Random } from "@executor-registry/resolver";
import {
  type ApiPath,
  type ApiStream,
  type KubernetesApi,
  KubernetesError,
} from "@executor-registry/resolver/kubernetes";
import { retryMs } from "../tools/backoff.ts";
import { clusterTime, isFromTheBeginning } from "./log-beginning.ts";
import { createLogPosition, type LogLine } from "./log-position.ts";

/** Receives a line without its newline. What it returns is awaited before the next one. */
export type OnLog = (text: string, line: LogLine & { readonly pod: string }) => unknown;

export interface ContainerLogOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** When it started and, once that is known, ended; milliseconds since the Unix epoch. */
  times(): { readonly started?: number | undefined; readonly ended?: number | undefined };
  readonly onLog: OnLog;
  /** Aborts when the container is known to have ended: then there is an end of the log to read up to. */
  readonly ended: AbortSignal;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A silent connection may be dead without notice; asking again from the last line costs little. */
const IDLE_MS = 60_000;
const MAX_LINE_BYTES = 4 << 20;
/** Most characters of what a node says in place of a log. */
const MAX_ANSWER_CHARS = 500;
/** How long to wait for news of the container's end, when its log has ended. */
const PAUSE_MS = 1000;

/** Why lines may be missing that the node did not report. */
const LOST = {
  rotated: "the node rotated lines away before they were read",
  before: "it was followed from later than its start, and the node may have rotated its first lines away",
} as const;

/**
 * Hands on a container's log to its end, each line once and in order, across lost connections.
 * Resolves to why lines may be missing, or to nothing when it is known that all came; rejects with what `onLog` throws, or the
 * signal's reason.
 */
export async function followContainerLog(options: ContainerLogOptions): Promise<string | undefined> {
  const { api, namespace, pod, container, onLog, ended, signal, clock, random, log } = options;
  const path: ApiPath = `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
  const position = createLogPosition();
  let doubt: string | undefined;
  let opened: number | undefined;
  let firstLine: number | undefined;
  const doubtful = (why: string, facts: object = {}): void => {
    if (doubt === undefined) log.warn({ pod, ...facts }, why);
    doubt ??= why;
  };
  for (let failures = 0; ;) {
    // Only what is read from here on, after the container has ended, is sure to reach the log's end.
    const last = ended.aborted;
    let wait = PAUSE_MS;
    const asked = clock.now();
    const query = { container, follow: true, timestamps: true, sinceTime: position.since() };
    const lines = read(api, path, { query, signal, idle: IDLE_MS, lineLimit: MAX_LINE_BYTES });
    position.resume();
    try {
      for await (const raw of lines) {
        failures = 0;
        opened ??= clusterTime(api, asked);
        const line = position.take(raw);
        if (!line) continue;
        if (line.time === undefined) {
          // The node answers in place of the log, or says in it what it cannot do.
          doubtful(`the node says: ${line.text.slice(0, MAX_ANSWER_CHARS)}`);
          continue;
        }
        if (position.gap()) doubtful(LOST.rotated);
        firstLine ??= Date.parse(line.time);
        await onLog(line.text, { ...line, pod });
      }
      opened ??= clusterTime(api, asked);
      if (last) {
        if (position.gap()) doubtful(LOST.rotated);
        const { started, ended: end } = options.times();
        if (started === undefined || !isFromTheBeginning({ started, opened, ended: end, firstLine }))
          doubtful(LOST.before);
        return doubt;
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof KubernetesError)) throw error;
      const silent = error.code === "timeout" && error.status === undefined;
      if (!silent && !passes(error)) {
        doubtful(`the log cannot be read: ${error.message}`, { code: error.code, err: error });
        return doubt;
      }
      failures += 1;
      wait = silent ? 0 : retryMs(failures, random, error.retryAfter);
      log.debug({ pod, code: error.code, wait }, "the log broke off, reading on");
    }
    await sleepUntil(ended, wait, clock, signal, last);
  }
}

async function* read(api: KubernetesApi, path: ApiPath, options: ApiStream): AsyncGenerator<Buffer> {
  yield* await api.lines(path, options);
}

/** Whether asking again can help. The server answers 400 while a container is not ready to be asked. */
function passes(error: KubernetesError): boolean {
  return error.retryable || error.status === 400 || (error.status ?? 0) >= 500;
}

/** Sleeps, but not beyond the container's end, if that is still to come. */
async function sleepUntil(
  ended: AbortSignal,
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  over: boolean,
): Promise<void> {
  if (ms === 0) return;
  await clock.sleep(ms, over ? signal : AbortSignal.any([ended, signal])).catch(() => {});
  signal.throwIfAborted();
}
