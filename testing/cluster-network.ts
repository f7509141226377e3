import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { startNameServer } from "./name-server.ts";
import type { TestNamespace } from "./cluster.ts";

interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean };
}
interface Slice {
  readonly ports: readonly { readonly port: number }[];
  readonly endpoints: readonly Endpoint[] | null;
}

/** Where pods ask for names: `dnsConfig: { nameservers: [NAME_SERVER] }`, with `dnsPolicy: None`. */
export const NAME_SERVER = "10.96.0.10";
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

/** For the Services of a namespace; needs root on the node. Its rules go when it goes out of scope. */
export async function clusterNetwork({ name: namespace, api }: TestNamespace): Promise<ClusterNetwork> {
  const services = `/api/v1/namespaces/${namespace}/services` as const;
  const chains: { readonly chain: string; readonly matches: string }[] = [];
  const ended = new AbortController();
  const following: Promise<void>[] = [];

  const addresses = new Map<string, string>();
  const names = await startNameServer((name) => addresses.get(name.replace(/(\.svc(\.cluster\.local)?)?$/, "")));

  /** Puts the rules of one Service into a chain of their own, all at once. */
  const route = (chain: string, ends: readonly string[]): void => {
    const rules = ends.map((end, at) => {
      const share = at === ends.length - 1 ? "" : `-m statistic --mode random --probability ${1 / (ends.length - at)} `;
      return `-A ${chain} -p tcp ${share}-j DNAT --to-destination ${end}`;
    });
    const input = ["*nat", `:${chain} - [0:0]`, ...rules, "COMMIT", ""].join("\n");
    execFileSync("iptables-restore", ["--wait", "--noflush"], { input });
  };
  const nat = (...args: readonly string[]): void =>
    void execFileSync("iptables", ["-w", "-t", "nat", ...args], { stdio: "ignore" });
  const chainFor = (service: string, address: string, port: number): string => {
    const chain = `TEST-${createHash("sha256").update(`${namespace}/${service}`).digest("hex").slice(0, 12)}`;
    route(chain, [NOWHERE]);
    const matches = `-d ${address}/32 -p tcp --dport ${port} -j ${chain}`;
    for (const hook of ["PREROUTING", "OUTPUT"]) nat("-A", hook, ...matches.split(" "));
    chains.push({ chain, matches });
    for (const name of [service, `${service}.${namespace}`]) addresses.set(name, address);
    return chain;
  };
  const asked = `PREROUTING -d ${NAME_SERVER} -p udp --dport 53 -j DNAT --to-destination 127.0.0.1:${names.port}`.split(
    " ",
  );
  nat("-I", ...asked);
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

  return {
    async follow(service) {
      type Found = { spec: { clusterIP: string; ports: readonly { port: number }[] } };
      const { spec } = (await api.request(`${services}/${service}` as const)) as Found;
      const chain = chainFor(service, spec.clusterIP, spec.ports[0]?.port ?? 0);
      let now = "";
      const look = async (): Promise<void> => {
        while (!ended.signal.aborted) {
          const ends = await endsOf(service);
          if (ends.join() !== now) route(chain, ends);
          now = ends.join();
          await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        }
      };
      following.push(look());
      return spec.clusterIP;
    },
    async lead(service, port, to) {
      const body = { metadata: { name: service }, spec: { ports: [{ port }] } };
      const { spec } = (await api.request(services, { method: "POST", body })) as { spec: { clusterIP: string } };
      route(chainFor(service, spec.clusterIP, port), [to]);
      return spec.clusterIP;
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await Promise.all(following);
      nat("-D", ...asked);
      await names[Symbol.asyncDispose]();
      for (const { chain, matches } of chains) {
        for (const hook of ["PREROUTING", "OUTPUT"]) nat("-D", hook, ...matches.split(" "));
        nat("-F", chain);
        nat("-X", chain);
      }
    },
  };
}
