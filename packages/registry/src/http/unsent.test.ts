import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { test } from "node:test";
import { createUnsent } from "./unsent.ts";

const MIB = 1 << 20;

/** Answers of 8 MiB that nobody takes, more than a connection holds on its way, where 20 MiB may be unsent. */
async function untaken(requests: number, body: () => string | Buffer): Promise<readonly boolean[]> {
  const unsent = createUnsent(20 * MIB);
  const answers: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    const text = body();
    answers.push(response);
    unsent(response, text);
    response.end(text);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const sockets: Socket[] = [];
  for (let nth = 0; nth < requests; nth++) {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", () => {});
    socket.pause();
    sockets.push(socket);
    const asked = once(server, "request");
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await asked;
  }
  const alive = answers.map(({ destroyed }) => !destroyed);
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, "close");
  return alive;
}

test("red-08: of answers that are not taken, the first are cut off when all are too many bytes", async () => {
  assert.deepEqual(await untaken(5, () => "x".repeat(8 * MIB)), [false, false, false, true, true]);
});

test("red-08: an answer that several are sent counts once", async () => {
  const shared = Buffer.alloc(8 * MIB);
  assert.deepEqual(await untaken(5, () => shared), [true, true, true, true, true]);
});
