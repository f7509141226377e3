import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { writeLayout } from "../../../../testing/images.ts";
import { type Serving, serving } from "../../../../testing/serving.ts";

/** MiB of heap, a fraction of what the requests of this test would take if they were all begun. */
const HEAP = 160;

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

  test("and whose answers are never read take no memory without a bound, and no other reader's turn", async () => {
    const requests = "GET /executors HTTP/1.1\r\nhost: a\r\n\r\n".repeat(1000);
    const sockets: Socket[] = [];
    try {
      for (let nth = 0; nth < 200; nth++) {
        const socket = await opened();
        socket.pause();
        socket.write(requests);
        sockets.push(socket);
      }
      for (let nth = 0; nth < 20; nth++) {
        const read = await fetch(`${service.url}/executors/t${nth}`, { signal: AbortSignal.timeout(20_000) });
        assert.equal(read.status, 200);
        await read.arrayBuffer();
      }
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      const resident = Number(/^process_resident_memory_bytes (\d+)/m.exec(metrics)?.[1]);
      assert.ok(resident < 450 << 20, `${resident >> 20} MiB`);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});
