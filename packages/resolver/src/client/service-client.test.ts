import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { registryDouble } from "../../../../testing/registry-double.ts";
import { PROBLEM_TYPES } from "../contract/executor-document.ts";
import { SERVICE_OPERATIONS, type ServiceOperation } from "../contract/operations.ts";
import { systemClock } from "../tools/clock.ts";
import { ExecutorRegistryError } from "../tools/errors.ts";
import { connectService } from "./service-client.ts";

const { signal } = new AbortController();

/** A client of services whose base URLs these are. */
const clientOf = (...urls: string[]) =>
  connectService({ urls: urls.map((url) => new URL(`${url}/`)), userAgent: "tests/1", clock: systemClock });

async function server(answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>) {
  const listening = createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const close = async (): Promise<void> => {
    listening.closeAllConnections();
    await new Promise((resolve) => listening.close(resolve));
  };
  const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  return { url, close, [Symbol.asyncDispose]: close };
}

const problem = (status: number, body: object) => (_: unknown, response: ServerResponse) =>
  void response.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(body));

test("an operation is asked by its method, path and query, and 202 is an answer", async () => {
  const asked: (string | undefined)[] = [];
  await using service = await server(({ method, url, headers }, response) => {
    asked.push(method, url, headers["user-agent"], headers["content-length"]);
    response.writeHead(202).end('{"accepted":true}');
  });
  const client = clientOf(`${service.url}/base`);
  const query = { type: "a&b", wait: undefined };
  assert.deepEqual(await client.ask(SERVICE_OPERATIONS.refresh, {}, { query, signal }), { accepted: true });
  assert.deepEqual(asked, ["POST", "/base/executors/refresh?type=a%26b", "tests/1", "0"]);
  client.close();
});

const CHANGE = {
  id: "change",
  method: "PUT",
  path: "/executors/{type}/thing",
  query: ["dryRun"],
  parse: (json: unknown) => json,
} as const satisfies ServiceOperation;

test("a change has a body, what it was made from, and a key; its answer has an entity tag", async () => {
  const asked: unknown[] = [];
  await using service = await server(async (request, response) => {
    const { method, url, headers } = request;
    asked.push(method, url, headers["if-match"], headers["idempotency-key"], headers["content-type"]);
    asked.push(JSON.parse(Buffer.concat(await request.toArray()).toString()));
    response.writeHead(200, { etag: '"8"' }).end('{"done":true}');
  });
  const client = clientOf(service.url);
  const question = { query: { dryRun: "All" }, body: { to: "1.0.0" }, ifMatch: '"7"', idempotencyKey: "key", signal };
  assert.deepEqual(await client.look(CHANGE, { type: "ml" }, question), { answer: { done: true }, etag: '"8"' });
  const expected = ["PUT", "/executors/ml/thing?dryRun=All", '"7"', '"key"', "application/json", { to: "1.0.0" }];
  assert.deepEqual(asked, expected);
  client.close();
});

test("the first address that answers counts", async () => {
  await using double = await registryDouble();
  double.know({ ml: "executor-ml:1.0" });
  const gone = await server(() => {});
  await gone.close();
  const client = clientOf(gone.url, double.url);
  assert.equal((await client.ask(SERVICE_OPERATIONS.getExecutor, { type: "ml" }, { signal })).version, "1.0");
  await assert.rejects(client.ask(SERVICE_OPERATIONS.getExecutor, { type: "mml" }, { signal }), {
    code: "unknown-type",
    type: "mml",
    nearMisses: ["ml"],
  });
  client.close();
});

test("an answer that does not come in its time is given up", async () => {
  const clock = manualClock();
  let reach = (): void => {};
  const reached = new Promise<void>((resolve) => (reach = resolve));
  await using service = await server(() => reach());
  const client = connectService({ urls: [new URL(service.url)], userAgent: "tests/1", clock });
  const asked = client.ask(SERVICE_OPERATIONS.refresh, {}, { signal, timeout: 3_600_000 });
  const late = assert.rejects(asked, { code: "timeout", message: /did not answer within 3600 s/ });
  await reached;
  await clock.advance(3_600_000);
  await late;
  client.close();
});

describe("what the service says of a failure is said in its words", () => {
  const detail = "for a reason";
  for (const [what, status, body, expected, exit] of [
    ["a refusal", 403, { code: "forbidden", detail }, { code: "forbidden", message: /service refuses: for a/ }, 4],
    ["wrong usage", 400, { code: "invalid-request", detail }, { code: "invalid-request", message: detail }, 2],
    ["a start", 503, { code: "not-ready", detail }, { code: "not-ready", message: detail }, 5],
    ["of a later version", 500, { type: `${PROBLEM_TYPES}x`, code: "x", detail }, { code: "x", message: detail }, 1],
    ["not its own", 500, { code: "x", detail }, { code: "unreachable", message: /it answers 500: for a reason/ }, 5],
    ["another server's", 404, {}, { code: "unreachable", message: /it answers 404/ }, 5],
  ] as const) {
    test(what, async () => {
      await using service = await server(problem(status, body));
      const client = clientOf(service.url);
      const asked = client.ask(SERVICE_OPERATIONS.health, {}, { signal });
      await assert.rejects(asked, expected);
      await assert.rejects(asked, (error: Error) => error instanceof ExecutorRegistryError && error.row.exit === exit);
      client.close();
    });
  }
});
