import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP proxy before a server on the loopback, which can be cut. */
export interface CutProxy extends AsyncDisposable {
  readonly port: number;
  /**
   * - `open`: all goes through; what was held back comes now, as after a cut of the network
   * - `refused`: connections are reset, and so are new ones
   * - `silent`: connections stay open and new ones are taken, and nothing goes through
   */
  set(mode: ProxyMode): void;
}

type ProxyMode = "open" | "refused" | "silent";

interface Pair {
  readonly client: Socket;
  upstream: Socket | undefined;
}

export async function startCutProxy(target: number): Promise<CutProxy> {
  const pairs = new Set<Pair>();
  let mode: ProxyMode = "open";

  const destroy = (pair: Pair): void => {
    pairs.delete(pair);
    pair.client.destroy();
    pair.upstream?.destroy();
  };
  const join = (pair: Pair): void => {
    const { client } = pair;
    if (pair.upstream === undefined) {
      const upstream = connect(target, "127.0.0.1");
      pair.upstream = upstream;
      upstream.setNoDelay(true).on("error", () => destroy(pair));
      // What it has said before is handed on.
      upstream.on("close", () => client.end(() => destroy(pair)));
    }
    client.pipe(pair.upstream);
    pair.upstream.pipe(client);
  };
  const part = ({ client, upstream }: Pair): void => {
    client.unpipe();
    client.pause();
    upstream?.unpipe();
    upstream?.pause();
  };

  const server = createServer((client) => {
    client.on("error", () => {});
    if (mode === "refused") return void client.resetAndDestroy();
    const pair: Pair = { client: client.setNoDelay(true), upstream: undefined };
    pairs.add(pair);
    client.on("error", () => destroy(pair)).on("close", () => destroy(pair));
    if (mode === "open") join(pair);
    else client.pause();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      if (next === mode) return;
      mode = next;
      for (const pair of pairs) {
        if (next === "open") join(pair);
        else if (next === "silent") part(pair);
        else {
          pair.client.resetAndDestroy();
          destroy(pair);
        }
      }
    },
    async [Symbol.asyncDispose]() {
      for (const pair of pairs) destroy(pair);
      server.close();
      await once(server, "close");
    },
  };
}
