import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startNameServer } from "./name-server.ts";
import { nodeRules } from "./node-rules.ts";
import type { TestNamespace } from "./cluster.ts";

interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean };
}
interface Slice {
  readonly ports: readonly { readonly port: number }[];
  readonly endpoints: readonly Endpoint[] | null;
}

/** Each process has an address of its own, of those that belong to no network (RFC 2544), so that test files that run at once answer their own pods. */
const NAME_SERVER = `198.${18 + ((process.pid >> 16) & 1)}.${(process.pid >> 8) & 255}.${process.pid & 255}`;
/** How pods ask for names, as members of their specification. */
export const POD_DNS = { dnsPolicy: "None", dnsConfig: { nameservers: [NAME_SERVER] } };
/** Where connections to nothing lead: they are refused there. */
const NOWHERE = "127.0.0.1:1";
/** Milliseconds between looks at the endpoints; kube-proxy takes up changes about as fast. */
const LOOK_MS = 100;

/** Makes names and addresses of Services work on the test node, which has no kube-proxy and no DNS. */
export interface ClusterNetwork extends AsyncDisposable {
  /**
   * Makes a Service lead to its ready pods, and to those that end where none is ready, for new connections, as kube-proxy does.
   * @returns its address
   */
  follow(service: string): Promise<string>;
  /** Makes a Service without pods that leads to a server on this machine. @param to such as `127.0.0.1:5432` @returns its address */
  lead(service: string, port: number, to: string): Promise<string>;
}

/**
 * For the Services of a namespace, one namespace at a time in a process; needs root on the node. Its rules go when it goes out of scope,
 * which fails if a Service could not be followed all the time.
 */
export async function clusterNetwork({ name: namespace, api }: TestNamespace): Promise<ClusterNetwork> {
  const services = `/api/v1/namespaces/${namespace}/services` as const;
  keepBridgeAddresses();
  await using starting = new AsyncDisposableStack();
  const addresses = new Map<string, string>();
  const names = starting.use(
    await startNameServer((name) => addresses.get(name.replace(/(\.svc(\.cluster\.local)?)?$/, ""))),
  );
  const rules = starting.use(nodeRules());
  rules.lead(`${NAME_SERVER}/32 -p udp --dport 53`, [`127.0.0.1:${names.port}`]);

  const ended = new AbortController();
  const following: Promise<void>[] = [];
  starting.defer(async () => {
    ended.abort();
    await Promise.all(following);
  });

  const route = (service: string, address: string, port: number, ends: readonly string[]): void => {
    rules.lead(`${address}/32 -p tcp --dport ${port}`, ends);
    for (const name of [service, `${service}.${namespace}`]) addresses.set(name, address);
  };
  const endsOf = async (service: string): Promise<readonly string[]> => {
    const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}` as const;
    const { items } = (await api.request(path)) as { items: readonly Slice[] };
    const all = items.flatMap(({ ports, endpoints }) =>
      (endpoints ?? []).map(({ addresses, conditions }) => ({
        end: `${addresses[0]}:${ports[0]?.port}`,
        ready: conditions?.ready ?? false,
        serving: conditions?.serving ?? false,
      })),
    );
    const ready = all.filter((one) => one.ready);
    const chosen = (ready.length > 0 ? ready : all.filter((one) => one.serving)).map(({ end }) => end).sort();
    return chosen.length > 0 ? chosen : [NOWHERE];
  };

  const held = starting.move();
  return {
    async follow(service) {
      type Found = { spec: { clusterIP: string; ports: readonly { port: number }[] } };
      const { spec } = (await api.request(`${services}/${service}` as const)) as Found;
      let now: readonly string[] = [];
      const look = async (): Promise<void> => {
        const ends = await endsOf(service);
        if (ends.join() !== now.join()) route(service, spec.clusterIP, spec.ports[0]?.port ?? 0, ends);
        now = ends;
      };
      await look();
      const looking = (async () => {
        // Only its end cuts a pause short.
        while (await sleep(LOOK_MS, true, { signal: ended.signal }).catch(() => false)) await look();
      })();
      // What it fails by is thrown at the end.
      looking.catch(() => {});
      following.push(looking);
      return spec.clusterIP;
    },
    async lead(service, port, to) {
      const body = { metadata: { name: service }, spec: { ports: [{ port }] } };
      const { spec } = (await api.request(services, { method: "POST", body })) as { spec: { clusterIP: string } };
      route(service, spec.clusterIP, port, [to]);
      return spec.clusterIP;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** A bridge has the lowest address of its ports until it is given one: pods that come and go would change it under open connections. */
function keepBridgeAddresses(): void {
  for (const bridge of globSync("/sys/class/net/cni*/bridge").map((path) => dirname(path))) {
    const address = readFileSync(`${bridge}/address`, "utf8").trim();
    execFileSync("ip", ["link", "set", basename(bridge), "address", address], { stdio: ["ignore", "ignore", "pipe"] });
  }
}
