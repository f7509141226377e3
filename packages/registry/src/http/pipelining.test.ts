import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, get, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { writeLayout } from "../../../../testing/images.ts";
import { type Serving, serving } from "../../../../testing/serving.ts";

/** MiB of heap, a fraction of what the requests of this test would take if they were all begun. */
const HEAP = 256;
/** MiB in all, of which Node itself and the service take some 120. */
const MOST_RESIDENT = 400;
/** Milliseconds for another reader's answer, on a machine that does ten other things: the service itself works for some 3 seconds. */
const VICTIM_MS = 60_000;

describe("red-08: requests that are sent without waiting for answers", () => {
  let folder: string;
  let service: Serving;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "pipelining-"));
    const images = Array.from({ length: 50 }, (_, nth) => [
      `registry.test/team/executor-t${nth}:1.0.0`,
      { created: "2026-11-01T00:00:00Z" },
    ]);
    await writeLayout(folder, Object.fromEntries(images) as Parameters<typeof writeLayout>[1]);
    const file = join(folder, "registry.yaml");
    await writeFile(
      file,
      `listen: {host: 127.0.0.1, port: 0}\nsources: [{name: l, kind: oci-layout, path: ${folder}}]\n`,
    );
    service = await serving(file, { NODE_OPTIONS: `--max-old-space-size=${HEAP}` });
  });
  after(async () => {
    await service[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const opened = async (): Promise<Socket> => {
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname).on("error", () => {});
    await once(socket, "connect");
    return socket;
  };

  const read = async (path: string, agent: Agent | undefined): Promise<number | undefined> => {
    const asked = get(service.url + path, { agent, signal: AbortSignal.timeout(VICTIM_MS) });
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    await once(response.resume(), "end");
    return response.statusCode;
  };

  test("are answered one after the other, in order, without one being lost", async () => {
    const socket = await opened();
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    const paths = Array.from({ length: 1500 }, (_, nth) =>
      nth % 3 === 0 ? `/executors/no${nth}` : `/executors/t${nth % 50}`,
    );
    const last = paths.length - 1;
    socket.write(
      paths
        .map((path, nth) => `GET ${path} HTTP/1.1\r\nhost: a\r\n${nth === last ? "connection: close\r\n" : ""}\r\n`)
        .join(""),
    );
    await once(socket, "close");
    const answered = [...text.matchAll(/"(?:type":"(t\d+)"|detail":".*?(no\d+))/g)].map(([, type, no]) => type ?? no);
    assert.deepEqual(
      answered,
      paths.map((path) => path.slice("/executors/".length)),
    );
  });

  for (const [path, times] of [
    ["/executors", 1000],
    ["/executors/t1", 20_000],
  ] as const) {
    test(`and whose answers are not read, 200 times ${times} of ${path}, take neither memory without a bound nor others' turns`, async (t) => {
      const requests = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`.repeat(times));
      const kept = new Agent({ keepAlive: true, maxSockets: 1 });
      const sockets: Socket[] = [];
      try {
        assert.equal(await read("/executors/t0", kept), 200);
        for (let nth = 0; nth < 200; nth++) {
          const socket = await opened();
          socket.pause();
          socket.write(requests);
          sockets.push(socket);
        }
        let waited = 0;
        for (let nth = 0; nth < 20; nth++) {
          const started = performance.now();
          assert.equal(await read(`/executors/t${nth}`, nth % 2 === 0 ? kept : undefined), 200);
          waited = Math.max(waited, performance.now() - started);
        }
        const metrics = await (await fetch(`${service.url}/metrics`)).text();
        const resident = Number(/^process_resident_memory_bytes (\d+)/m.exec(metrics)?.[1]) >> 20;
        t.diagnostic(`longest wait ${Math.round(waited)} ms, ${resident} MiB`);
        assert.ok(resident < MOST_RESIDENT, `${resident} MiB`);
      } finally {
        kept.destroy();
        for (const socket of sockets) socket.destroy();
      }
    });
  }
});
