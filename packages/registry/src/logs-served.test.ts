import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { writeLayout } from "../../../testing/images.ts";
import { serving } from "../../../testing/serving.ts";
import { oddFields } from "./logs/fields.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const IMAGE = "registry.test/executor-ml";

describe("the log of a real run, at its most talkative", { timeout: 60_000 }, () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logs-"));
    file = join(folder, "registry.yaml");
    await writeLayout(join(folder, "layout"), { [`${IMAGE}:1.0.0`]: {} });
    await writeFile(
      file,
      `listen: { host: 127.0.0.1, port: 0 }
store: "sqlite:${join(folder, "catalogue.db")}"
sources:
  - { name: main, kind: oci-layout, path: ${join(folder, "layout")}, interval: 1d }
  - { name: away, kind: oci, host: "127.0.0.1:1", insecure: true, repositories: [executor-nlp], interval: 1d }
checks: { approvedNamespaces: ["**"] }
webhooks: [{ name: sender, kind: distribution, source: main, headers: { Authorization: { env: SENDER } } }]
notifications: [{ name: receiver, kind: cloudevents, url: "http://127.0.0.1:1/", secret: { env: SECRET } }]
audit: { forward: [{ name: lines, kind: stdout }] }
auth: { writes: open }
tracing: { endpoint: "http://127.0.0.1:1" }
log: { level: debug }
`,
    );
  });
  after(() => rm(folder, { recursive: true }));

  // That no line has other fields is asserted where the service goes out of scope.
  test("leads from a caller's answer to its lines, and from these to the scan that it caused", async () => {
    const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
    await using service = await serving(file, { SENDER: "of-the-sender", SECRET: secret }, "listening");
    const { code } = await service.logged("entries of the journal cannot be delivered now, trying again");
    assert.equal(typeof code, "string");
    const post = (path: string, headers: Record<string, string>, body?: string) =>
      fetch(`${service.url}${path}`, { method: "POST", headers, ...(body && { body }) });
    const events = [{ id: "1", action: "push", target: { repository: "executor-ml", tag: "1.0.0" } }];
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    const sent = { authorization: "of-the-sender", "content-type": "application/json", traceparent };
    const answer = await post("/webhooks/sender", sent, JSON.stringify({ events }));
    assert.equal(answer.status, 202);
    const taken = await service.logged("event taken");
    assert.partialDeepStrictEqual(taken, { webhook: "sender", hints: 1, traceId: TRACE });
    assert.equal(taken["requestId"], answer.headers.get("x-request-id"));
    assert.notEqual(taken["spanId"], "00f067aa0ba902b7");

    assert.equal((await post("/webhooks/sender", { ...sent, authorization: "wrong" })).status, 401);
    assert.equal((await post("/executors/refresh", { traceparent })).status, 202);
    for (let scanned; scanned?.["traceId"] !== TRACE;) scanned = await service.logged("scanned");
    const { problem } = await service.logged("traces cannot be sent to the collector, and are lost meanwhile");
    assert.match(String(problem), /ECONNREFUSED/);

    await writeFile(file, "sources: 7\n");
    service.signal("SIGHUP");
    await service.logged("the new configuration is refused; the old one stays in force");
    service.signal("SIGINT");
    await service.logged("ended");
  });
});

test("a field that is not known, one that holds something else and an error without a code are found", () => {
  assert.deepEqual(oddFields({ level: "info", msg: "scanned", source: "main", changes: 1 }), []);
  assert.deepEqual(oddFields({ changes: "1", toString: "x", err: {} }), [
    "changes is not of kind number",
    "toString is no field of the log",
    "it has a problem and no code",
  ]);
});
