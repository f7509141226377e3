import type { Clock, Logger, Random } from "@executor-registry/resolver";
import { type ApiPath, type KubernetesApi, KubernetesError } from "@executor-registry/resolver/kubernetes";
import { backoff } from "../backoff.ts";
import { createLogPosition, type LogLine } from "./log-position.ts";

/** Receives a line without its newline. What it returns is awaited before the next one. */
export type OnLog = (text: string, line: LogLine & { readonly pod: string }) => unknown;

export interface ContainerLogOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly onLog: OnLog;
  /** Aborts when the container is known to have ended: then there is an end of the log to read up to. */
  readonly ended: AbortSignal;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A silent connection may be dead without anybody having said so; asking again from the last line costs little. */
const IDLE = 60_000;
const LONGEST_LINE = 4 << 20;
/** How long to wait for news of the container's end, when its log has ended. */
const PAUSE = 1000;

/**
 * Hands on a container's log to its end, each line once and in order, across lost connections.
 * Resolves to whether it got all; rejects with what `onLog` throws, or the signal's reason.
 */
export async function followContainerLog(options: ContainerLogOptions): Promise<boolean> {
  const { api, namespace, pod, container, onLog, ended, signal, clock, random, log } = options;
  const path: ApiPath = `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
  const position = createLogPosition();
  for (let failures = 0; ;) {
    // Only what is read from here on, after the container has ended, is sure to reach the log's end.
    const last = ended.aborted;
    let wait = PAUSE;
    const lines = read(api, path, { container, follow: true, timestamps: true, sinceTime: position.since() }, signal);
    position.resume();
    try {
      for await (const raw of lines) {
        failures = 0;
        const line = position.take(raw);
        if (line?.time === undefined && line)
          log.warn({ pod, line: line.text }, "the node says instead of a log's line");
        else if (line) await onLog(line.text, { ...line, pod });
      }
      if (last) return true;
    } catch (error) {
      if (signal.aborted || !(error instanceof KubernetesError)) throw error;
      const silent = error.code === "timeout" && error.status === undefined;
      if (!silent && !passes(error)) {
        log.warn({ pod, code: error.code, err: error }, "the log cannot be read");
        return false;
      }
      failures += 1;
      wait = silent ? 0 : backoff(failures, random, error.retryAfter);
      log.debug({ pod, code: error.code, wait }, "the log broke off, reading on");
    }
    await sleepUntil(ended, wait, clock, signal, last);
  }
}

async function* read(
  api: KubernetesApi,
  path: ApiPath,
  query: Readonly<Record<string, string | boolean | undefined>>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  yield* await api.lines(path, { query, signal, idle: IDLE, lineLimit: LONGEST_LINE });
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
