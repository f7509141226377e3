import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";

const SERVER = ["clusters", 0, "cluster", "server"] as const;

/** A TCP proxy before the real API server whose connections can be cut. */
export interface CuttableProxy extends AsyncDisposable {
  /** A kubeconfig file that goes through it. */
  readonly kubeconfig: string;
  /** How many connections were cut. */
  readonly cuts: number;
  /** Cuts all connections, in the middle of what they carry, and refuses new ones for `ms`. */
  cut(ms?: number): void;
}

/** Needs a KUBECONFIG with one cluster, whose server is `https://127.0.0.1:PORT`, since its certificate must fit the proxy too. */
export async function cuttableProxy(): Promise<CuttableProxy> {
  const config = parseDocument(await readFile(process.env["KUBECONFIG"] ?? "", "utf8"));
  const target = new URL(String(config.getIn(SERVER)));
  if (target.protocol !== "https:" || target.hostname !== "127.0.0.1" || target.port === "")
    throw new Error(`KUBECONFIG names ${target.href}, no server at https://127.0.0.1:PORT`);

  const sockets = new Set<Socket>();
  let cuts = 0;
  let refuseUntil = 0;
  const server = createServer((client) => {
    if (Date.now() < refuseUntil) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(target.port), "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy()).on("close", () => (sockets.delete(socket), other.destroy()));
    }
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const folder = await mkdtemp(join(tmpdir(), "cuttable-"));
  const kubeconfig = join(folder, "kubeconfig");
  const { port } = server.address() as AddressInfo;
  config.setIn(SERVER, `https://127.0.0.1:${port}`);
  await writeFile(kubeconfig, config.toString(), { mode: 0o600 });
  return {
    kubeconfig,
    get cuts() {
      return cuts;
    },
    cut(ms = 0) {
      refuseUntil = Date.now() + ms;
      cuts += sockets.size / 2;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}
