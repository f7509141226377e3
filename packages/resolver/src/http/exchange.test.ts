import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { describe, test } from "node:test";
import { exchange, type Outgoing } from "./exchange.ts";
import { readBytes } from "../tools/read-bytes.ts";

const tooLarge = (): Error => new Error("too large");

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once("close", () => resolve()));

interface Talker {
  readonly server: Server;
  readonly outgoing: Outgoing;
  /** The connection that was asked first. */
  readonly asked: Promise<Socket>;
}

/** A TCP server that says these bytes once it has been asked. */
async function saying(bytes: string, then?: (socket: Socket) => void): Promise<Talker> {
  let tell: (socket: Socket) => void = () => {};
  const asked = new Promise<Socket>((resolve) => (tell = resolve));
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(bytes);
      then?.(socket);
      tell(socket);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    server,
    asked,
    outgoing: {
      server: new URL(`http://127.0.0.1:${port}`),
      method: "GET",
      path: "/",
      headers: {},
      agent: new Agent(),
    },
  };
}

describe("red-02: every exchange settles", () => {
  const over = new AbortController().signal;

  test("an answer that switches protocols is an error, and its connection is closed", async () => {
    const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    const { server, outgoing, asked } = await saying(head);
    const answered = assert.rejects(exchange(outgoing, over), /switches protocols/);
    await closed(await asked);
    await answered;
    server.close();
  });

  for (const [name, bytes] of [
    ["closes without an answer", ""],
    ["breaks off within the head", "HTTP/1.1 200 OK\r\nContent-Le"],
    ["sends what is no HTTP", "SSH-2.0-OpenSSH_9.6\r\n"],
  ] as const) {
    test(`a server that ${name}`, async () => {
      const { server, outgoing } = await saying(bytes, (socket) => socket.end());
      await assert.rejects(exchange(outgoing, over));
      server.close();
    });
  }

  test("a connection that is reset", async () => {
    const { server, outgoing } = await saying("", (socket) => socket.resetAndDestroy());
    await assert.rejects(exchange(outgoing, over), { code: "ECONNRESET" });
    server.close();
  });

  test("a body that breaks off", async () => {
    const { server, outgoing } = await saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", (socket) => {
      setImmediate(() => socket.destroy());
    });
    const response = await exchange(outgoing, over);
    await assert.rejects(readBytes(response, 100, tooLarge), { code: "ECONNRESET" });
    server.close();
  });

  for (const [state, bytes] of [
    ["before any byte", ""],
    ["after one informational answer", "HTTP/1.1 103 Early Hints\r\n\r\n"],
    ["after a switch without the name of a protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["within the head", "HTTP/1.1 200 OK\r\nContent-Le"],
    ["within the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"],
  ] as const) {
    test(`the signal ends it ${state}`, async () => {
      const { server, outgoing, asked } = await saying(bytes);
      const stop = new AbortController();
      const answered = exchange(outgoing, stop.signal).then((response) => readBytes(response, 100, tooLarge));
      const gone = closed(await asked);
      setImmediate(() => stop.abort(new Error("enough")));
      await assert.rejects(answered, /enough/);
      await gone;
      server.close();
    });
  }

  test("the signal ends it while an agent that never connects is waited for", async () => {
    class Never extends Agent {
      override createConnection(): undefined {
        return undefined;
      }
    }
    const { server, outgoing } = await saying("");
    const stop = new AbortController();
    const answered = exchange({ ...outgoing, agent: new Never() }, stop.signal);
    stop.abort(new Error("enough"));
    await assert.rejects(answered, /enough/);
    server.close();
  });

  test("a body beyond its limit is an error", async () => {
    const { server, outgoing } = await saying("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour");
    await assert.rejects(readBytes(await exchange(outgoing, over), 3, tooLarge), /too large/);
    server.close();
  });
});
