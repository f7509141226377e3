import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP proxy before a server on this machine, whose connections can be cut. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** How many connections were cut. */
  readonly cuts: number;
  /** How many connections there are. */
  readonly open: number;
  /** Bytes that clients sent, and bytes that the server sent, of all connections so far. */
  readonly carried: { readonly up: number; readonly down: number };
  /** Cuts all connections, in the middle of what they carry, and refuses new ones for `ms`. */
  cut(ms?: number): void;
  /** Cuts each connection as soon as the server answers: what is asked next is done, and the reply is lost. So often. */
  loseReplies(times: number): void;
}

/**
 * @param target the server's port on 127.0.0.1
 * @param options.drops whether what the server has sent never arrives. @default nothing
 */
export async function tcpProxy(
  target: number,
  { drops }: { readonly drops?: (chunk: Buffer) => boolean } = {},
): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let cuts = 0;
  let refuseUntil = 0;
  let losing = 0;
  const carried = { up: 0, down: 0 };
  const server = createServer((client) => {
    if (Date.now() < refuseUntil) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const [socket, other] of [pair, pair.toReversed() as [Socket, Socket]]) {
      socket.on("error", () => other.destroy()).on("close", () => (pairs.delete(pair), other.destroy()));
    }
    client.on("data", (chunk: Buffer) => (carried.up += chunk.length)).pipe(upstream);
    upstream.on("data", (chunk: Buffer) => {
      carried.down += chunk.length;
      if (drops?.(chunk)) return;
      if (losing === 0) {
        if (!client.write(chunk)) upstream.pause();
        return;
      }
      losing -= 1;
      cuts += 1;
      client.resetAndDestroy();
    });
    client.on("drain", () => upstream.resume());
    upstream.on("end", () => client.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get cuts() {
      return cuts;
    },
    get open() {
      return pairs.size;
    },
    get carried() {
      return { ...carried };
    },
    cut(ms = 0) {
      refuseUntil = Date.now() + ms;
      cuts += pairs.size;
      for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
    },
    loseReplies(times) {
      losing = times;
    },
    async [Symbol.asyncDispose]() {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      server.close();
    },
  };
}
