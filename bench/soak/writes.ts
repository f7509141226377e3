import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Latencies } from "./latencies.ts";
import type { Random } from "./plan.ts";
import { AUTHORIZATION } from "./replica.ts";
import { expectedVersion, noteChange, type SoakType } from "./types.ts";

/** What was asked of the service until it acknowledged it. */
export interface Writes {
  /** The reasons of those that were acknowledged: each stands in the journal once. */
  readonly acknowledged: string[];
  /** The reasons of those that were given up: each stands in the journal once at most. */
  readonly givenUp: string[];
  /** Answers that are no answer to what was asked. */
  readonly unexpected: string[];
  /** Requests that came to nothing, and were sent again. */
  readonly repeated: Record<string, number>;
  /** Until it was acknowledged, with what was sent again. */
  readonly latencies: Latencies;
  /** When each was acknowledged: `performance.now()`. */
  readonly times: number[];
}

interface Request {
  readonly method: "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: object;
}

interface Answer {
  readonly outcome?: string;
  readonly message?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly denials?: readonly { readonly id: number; readonly reason: string }[];
}

const TRY_MS = 8000;
const PAUSE_MS = 100;
/** Milliseconds after the last fault until a write is given up. */
const GIVE_UP_MS = 30_000;
/** Milliseconds between two writes about one type, on average. */
const THINK_MS = 400;
const NAMED_UNEXPECTED = 20;

export const noWrites = (): Writes => ({
  acknowledged: [],
  givenUp: [],
  unexpected: [],
  repeated: {},
  latencies: new Latencies(),
  times: [],
});

export interface WriterOptions {
  readonly urls: readonly string[];
  readonly random: Random;
  readonly writes: Writes;
  /** Ends it, after the write that is under way. */
  readonly signal: AbortSignal;
}

/**
 * Pins and unpins a type, or denies and allows a version of it, one write after the other, each at a random replica until one acknowledges it.
 * Only one writer has a type, so that its last acknowledged write says what has to be so.
 */
export async function write(type: SoakType, holds: boolean, options: WriterOptions): Promise<void> {
  const { signal, random } = options;
  const path = `/executors/${type.name}`;
  while (!signal.aborted) {
    await sleep(2 * THINK_MS * random(), undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const reason = `soak ${randomUUID()}`;
    const sent = performance.now();
    const query = `reason=${encodeURIComponent(reason)}`;
    if (holds && type.pinned === undefined) {
      const to = [...type.versions.keys()][Math.floor(random() * 2)]!;
      await done({ method: "PUT", path: `${path}/pin`, body: { to, reason } }, reason, options);
      type.pinned = to;
      noteChange(type, sent);
    } else if (holds) {
      await done({ method: "DELETE", path: `${path}/pin?${query}` }, reason, options);
      type.pinned = undefined;
      noteChange(type, sent);
    } else if (type.denied === undefined) {
      const version = expectedVersion(type);
      await done({ method: "POST", path: `${path}/denials`, body: { version, reason } }, reason, options);
      type.denied = version;
      await allow(type, reason, options);
    }
  }
}

/** The number of a denial is not known where its answer was lost. */
async function allow(type: SoakType, denial: string, options: WriterOptions): Promise<void> {
  const { urls, random } = options;
  const path = `/executors/${type.name}/denials`;
  const reason = `soak ${randomUUID()}`;
  for (const began = performance.now(); ; await sleep(PAUSE_MS)) {
    const { denials } = (await ask(urls[Math.floor(random() * urls.length)]!, { method: "GET", path })).answer;
    const id = denials?.find((one) => one.reason === denial)?.id;
    if (id === undefined && (!options.signal.aborted || performance.now() - began < GIVE_UP_MS)) continue;
    if (id === undefined) throw new Error(`no replica has the denial of ${type.name} that was acknowledged`);
    await done({ method: "DELETE", path: `${path}/${id}?reason=${encodeURIComponent(reason)}` }, reason, options);
    type.denied = undefined;
    return;
  }
}

/** Sends a write until it is acknowledged. @throws Error where it is given up */
async function done(request: Request, reason: string, { urls, random, writes, signal }: WriterOptions): Promise<void> {
  const key = `"${randomUUID()}"`;
  const began = performance.now();
  let ending: number | undefined;
  for (;;) {
    const url = urls[Math.floor(random() * urls.length)]!;
    const { status, answer } = await ask(url, request, key);
    const repeated = answer.outcome === "unchanged" && answer.message === "this request was done before";
    if (status === 200 && (answer.outcome === "changed" || repeated)) break;
    const why = answer.code ?? String(status);
    writes.repeated[why] = (writes.repeated[why] ?? 0) + 1;
    if (status !== 0 && status !== 503 && why !== "idempotency-key-in-use") {
      const text = `${request.method} ${request.path}: ${status} ${why} ${answer.detail ?? answer.message ?? ""}`;
      if (writes.unexpected.length < NAMED_UNEXPECTED) writes.unexpected.push(text);
    }
    if (signal.aborted) ending ??= performance.now();
    if (ending !== undefined && performance.now() - ending > GIVE_UP_MS) {
      writes.givenUp.push(reason);
      throw new Error(`given up: ${request.method} ${request.path}: ${why}`);
    }
    await sleep(PAUSE_MS);
  }
  const now = performance.now();
  writes.acknowledged.push(reason);
  writes.latencies.add(now - began);
  writes.times.push(now);
}

/** @returns status 0 where nothing was answered in time */
export async function ask(
  url: string,
  { method, path, body }: Omit<Request, "method"> & { readonly method: Request["method"] | "GET" },
  key?: string,
  ms = TRY_MS,
): Promise<{ readonly status: number; readonly answer: Answer }> {
  try {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: AUTHORIZATION,
        ...(body && { "content-type": "application/json" }),
        ...(key !== undefined && { "idempotency-key": key }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ms),
    });
    return { status: response.status, answer: (await response.json()) as Answer };
  } catch (problem) {
    const late = problem instanceof Error && problem.name === "TimeoutError";
    return { status: 0, answer: { code: late ? "no answer in time" : "no connection" } };
  }
}
