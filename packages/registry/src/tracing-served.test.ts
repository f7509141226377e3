import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { pino } from "pino";
import { noDockerRegistry, startDockerRegistry } from "../../../testing/docker-registry.ts";
import { writeLayout } from "../../../testing/images.ts";
import { startLoopbackServer } from "../../../testing/loopback-server.ts";
import { type CollectedSpan, startOtlpCollector } from "../../../testing/otlp-collector.ts";
import { pushImage } from "../../../testing/push.ts";
import { parseConfig } from "./config/parse-config.ts";
import { startService } from "./supervisor/service.ts";

const SECRET = "s3cret-of-the-sender";
const REPOSITORY = "team/executor-ml";

/** A service that traces into a collector. @param source where it finds images */
async function traced(t: TestContext, source: string, tracing: string, log = pino({ level: "silent" })) {
  const config = parseConfig(
    `listen: {host: 127.0.0.1, port: 0}
sources: [{name: main, interval: 1d, ${source}}]
webhooks: [{name: sender, kind: distribution, source: main, headers: {Authorization: {env: SENDER}}}]
auth: {writes: open}
checks: {approvedNamespaces: ["**"]}
tracing: ${tracing}
`,
    "traced.yaml",
    { SENDER: SECRET, COLLECTOR: "Bearer collectors-token" },
  );
  const service = await startService({ config, log });
  t.after(() => service.close());
  while ((await fetch(`${service.url}/readyz`)).status !== 200);
  return service;
}

/** A source of files. */
async function layout(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "traced-"));
  t.after(() => rm(path, { recursive: true }));
  await writeLayout(path, { "registry.test/executor-ml:1.0.0": {} });
  return `kind: oci-layout, path: "${path}"`;
}

const named = (spans: readonly CollectedSpan[], name: string, { spanId }: Pick<CollectedSpan, "spanId">) =>
  spans.find((span) => span.name === name && span.parentSpanId === spanId);

test("a real registry's push is one trace, from its event to the new answer", { skip: noDockerRegistry }, async (t) => {
  await using collector = await startOtlpCollector();
  const service = { url: "" };
  // The registry has to know where it reports before the service knows where the registry is.
  await using relay = await startLoopbackServer(async ({ headers, body }, response) => {
    const { authorization = "", "content-type": type = "" } = headers;
    const sent = { method: "POST", headers: { authorization, "content-type": type }, body: new Uint8Array(body) };
    const answer = await fetch(`${service.url}/webhooks/sender`, sent);
    response.writeHead(answer.status).end();
  });
  const notifications = [{ name: "us", url: relay.url, headers: { Authorization: [SECRET] } }];
  await using registry = await startDockerRegistry({ notifications });
  ({ url: service.url } = await traced(
    t,
    `kind: oci, host: "${registry.host}", insecure: true, repositories: ["${REPOSITORY}"]`,
    `{endpoint: "${collector.url}/", headers: {authorization: {env: COLLECTOR}}}`,
  ));

  const poll = await collector.until((spans) => spans.find(({ name }) => name === "scan"));
  assert.equal(poll.parentSpanId, undefined, "a scan that nothing caused begins a trace");

  const { digest } = await pushImage(registry, REPOSITORY, "1.0.0");
  const trace = await collector.until((spans) => {
    const event = spans.find(({ name, attributes }) => name.startsWith("POST") && attributes["outcome"] === "taken");
    const scan = event && named(spans, "scan", event);
    const judge = scan && named(spans, "judge", scan);
    const append = scan && named(spans, "journal append", scan);
    const answer = append && named(spans, "answer", append);
    return event && scan && judge && append && answer && { event, scan, judge, append, answer };
  });
  const { event, scan, judge, append, answer } = trace;
  assert.deepEqual(new Set(Object.values(trace).map(({ traceId }) => traceId)).size, 1);
  assert.notEqual(event.traceId, poll.traceId);
  assert.partialDeepStrictEqual(event, {
    name: "POST /webhooks/{name}",
    kind: 2,
    attributes: { "http.response.status_code": 202, webhook: "sender", repositories: 1 },
    resource: { "service.name": "executor-registry" },
  });
  assert.partialDeepStrictEqual(scan.attributes, { source: "main", kind: "oci", why: "event", outcome: "complete" });
  const repository = `${registry.host}/${REPOSITORY}`;
  assert.deepEqual(judge.attributes, { source: "main", repository, digest, outcome: "passed" });
  assert.ok(Number(append.attributes["entries"]) > 0);
  assert.partialDeepStrictEqual(answer.attributes, { type: "ml", digest, version: "1.0.0", outcome: "changed" });
  assert.deepEqual(
    new Set(collector.received.map(({ headers }) => headers.authorization)),
    new Set(["Bearer collectors-token"]),
  );
  assert.ok(
    collector.spans.every(({ name }) => !name.startsWith("GET")),
    "what is read is not traced",
  );
});

test("a trace of the caller goes on, and one that the caller does not keep is not kept", async (t) => {
  await using collector = await startOtlpCollector();
  const service = await traced(t, await layout(t), `{endpoint: "${collector.url}"}`);
  const caller = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
  const refresh = (traceId: string, flags: string) => {
    const headers = { traceparent: `00-${traceId}-${caller.spanId}-${flags}` };
    return fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST", headers });
  };
  const other = caller.traceId.replace("4", "5");
  assert.equal((await refresh(other, "00")).status, 200);
  assert.equal((await refresh(caller.traceId, "01")).status, 200);
  const { root, scan } = await collector.until((spans) => {
    const root = spans.find(({ parentSpanId }) => parentSpanId === caller.spanId);
    const scan = root && named(spans, "scan", root);
    return scan && { root, scan };
  });
  assert.deepEqual([root.name, root.traceId], ["POST /executors/refresh", caller.traceId]);
  assert.partialDeepStrictEqual(scan.attributes, { why: "refresh" });
  assert.ok(collector.spans.every(({ traceId }) => traceId !== other));
});

test("a collector that is away changes no answer, and is one line of the log", async (t) => {
  let arrived = (): void => {};
  await using collector = await startLoopbackServer((_request, response) => {
    response.writeHead(400).end();
    arrived();
  });
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: "warn" }, { write: (line) => void lines.push(JSON.parse(line)) });
  const service = await traced(t, await layout(t), `{endpoint: "${collector.url}"}`, log);
  const refresh = () => fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" });
  while (collector.received.length < 2) {
    assert.equal((await refresh()).status, 200);
    await new Promise<void>((resolve) => (arrived = resolve));
  }
  await service.close();
  const about = lines.filter(({ msg }) => String(msg).startsWith("traces cannot be sent"));
  assert.equal(about.length, 1);
  assert.partialDeepStrictEqual(about[0], { host: new URL(collector.url).host, code: "unreachable" });
});
