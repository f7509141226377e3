import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { tcpProxy } from "./tcp-proxy.ts";

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

  const proxy = await tcpProxy(Number(target.port));
  const folder = await mkdtemp(join(tmpdir(), "cuttable-"));
  const kubeconfig = join(folder, "kubeconfig");
  config.setIn(SERVER, `https://127.0.0.1:${proxy.port}`);
  await writeFile(kubeconfig, config.toString(), { mode: 0o600 });
  return {
    kubeconfig,
    get cuts() {
      return proxy.cuts;
    },
    cut: (ms) => proxy.cut(ms),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
