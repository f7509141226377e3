import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { Dispatcher, JobRequest, JobResult } from "@executor-registry/dispatcher";
import { UnknownTypeError } from "@executor-registry/resolver";
import type { Resolution, SourceReport } from "@executor-registry/resolver";
import { createHttpServer } from "./server.ts";

const ml: Resolution = {
  type: "ml",
  environment: "development",
  source: "declared",
  image: "executor-ml:1",
  version: "1",
  pullPolicy: "IfNotPresent",
  decidedBy: "declared",
  reason: "CronJob/executor-ml names it",
  candidates: [],
  ambiguous: false,
  warnings: [],
  stale: false,
  validated: false,
};
const result: JobResult = {
  name: "executor-ml-1",
  namespace: "executors",
  status: "succeeded",
  exitCode: 0,
  reason: "Completed",
  message: "it ended well",
  durations: {},
  logsComplete: true,
};

describe("the dispatcher's HTTP server", () => {
  const requests: JobRequest[] = [];
  let state: SourceReport["status"]["state"] = "ready";
  let run: Dispatcher["run"];
  const server = createHttpServer({
    resolver: {
      list: async () => [ml],
      sources: async () => [{ name: "declared", status: { state, since: 0 }, notes: [] }],
    },
    dispatcher: { run: (...args) => run(...args) },
  });
  let base: string;

  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const ask = async (method: string, path: string, body?: string): Promise<{ status: number; lines: unknown[] }> => {
    const answer = await fetch(base + path, { method, ...(body === undefined ? {} : { body }) });
    const lines = (await answer.text()).trimEnd().split("\n");
    return { status: answer.status, lines: lines.map((line) => JSON.parse(line) as unknown) };
  };

  test("lists executors", async () => {
    assert.deepEqual(await ask("GET", "/executors"), {
      status: 200,
      lines: [
        [{ type: "ml", image: "executor-ml:1", version: "1", source: "declared", reason: ml.reason, ambiguous: false }],
      ],
    });
  });

  test("runs a Job and hands on its events", async () => {
    run = async (type, request, options) => {
      requests.push(request);
      options?.onStatus?.(`running ${type}`, { phase: "running" } as never);
      for (let line = 1; line <= 3; line += 1) await options?.onLog?.(`line ${line}`, { pod: "p" } as never);
      return { resolution: ml, result };
    };
    const request = { id: "run-1", args: ["--epochs", "3"], env: { SEED: "7" } };
    assert.deepEqual(await ask("POST", "/jobs/ml", JSON.stringify(request)), {
      status: 200,
      lines: [
        { status: "running ml" },
        { log: "line 1" },
        { log: "line 2" },
        { log: "line 3" },
        { image: "executor-ml:1", result },
      ],
    });
    assert.deepEqual(requests, [request]);
  });

  test("makes an id when none is given", async () => {
    await ask("POST", "/jobs/ml");
    assert.match(requests.at(-1)?.id ?? "", /^[0-9a-f-]{36}$/);
  });

  test("lets the Job go on when its caller leaves", async () => {
    const asked = once(server, "request") as Promise<[IncomingMessage, ServerResponse]>;
    const work: Dispatcher["run"] = async (_type, _request, options) => {
      const [, response] = await asked;
      const left = once(response, "close");
      await options?.onLog?.("first", { pod: "p" } as never);
      await left;
      // More than a socket's buffers hold, so that a write which waits for a reader would be noticed.
      for (let line = 0; line < 100; line += 1) await options?.onLog?.("x".repeat(65_536), { pod: "p" } as never);
      return { resolution: ml, result };
    };
    let running: ReturnType<Dispatcher["run"]> | undefined;
    run = (...args) => (running = work(...args));
    const caller = new AbortController();
    const answer = await fetch(`${base}/jobs/ml`, { method: "POST", signal: caller.signal });
    assert.equal(answer.status, 200);
    caller.abort();
    assert.equal((await running)?.result, result);
    assert.equal((await ask("GET", "/live")).status, 200);
  });

  test("reports a failure after the answer has begun as its last event", async () => {
    run = async (_type, _request, options) => {
      await options?.onLog?.("first", { pod: "p" } as never);
      throw new UnknownTypeError("ml", []);
    };
    const { status, lines } = await ask("POST", "/jobs/ml");
    assert.equal(status, 200);
    assert.equal((lines[1] as { problem: { status: number } }).problem.status, 404);
  });

  test("is ready while a source can answer", async () => {
    assert.deepEqual(await ask("GET", "/ready"), { status: 200, lines: [{ ready: true }] });
    state = "stale";
    assert.equal((await ask("GET", "/ready")).status, 200);
    state = "unavailable";
    assert.deepEqual(await ask("GET", "/ready"), { status: 503, lines: [{ ready: false }] });
  });

  const refused = [
    ["POST", "/jobs/nlp", "{}", 404, /"nlp"/],
    ["POST", "/jobs/ml", "{", 400, /not JSON/],
    ["POST", "/jobs/ml", "[]", 400, /must be an object/],
    ["POST", "/jobs/ml", '{"args": [1]}', 400, /array of strings/],
    ["POST", "/jobs/ml", '{"env": {"A": 1}}', 400, /object of strings/],
    ["POST", "/jobs/ml", '{"id": 1}', 400, /id must be/],
    ["POST", "/jobs/ml", '{"image": "x"}', 400, /not image/],
    ["POST", "/jobs/ml", `"${"x".repeat(65_536)}"`, 413, /more than 65536 bytes/],
    ["POST", "/executors", "{}", 405, /does not take POST/],
    ["GET", "/nothing", undefined, 404, /Nothing is at/],
  ] as const;
  for (const [method, path, body, status, detail] of refused) {
    test(`answers ${status} to ${method} ${path} ${body?.slice(0, 20) ?? ""}`, async () => {
      run = async (type) => {
        throw new UnknownTypeError(type, []);
      };
      const answer = await ask(method, path, body);
      assert.equal(answer.status, status);
      assert.match((answer.lines[0] as { detail: string }).detail, detail);
    });
  }
});
