import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { BlockList, isIP } from "node:net";
import { ConfigurationError } from "@executor-registry/resolver";

type Environment = Readonly<Record<string, string | undefined>>;

/** Which requests go through an HTTP proxy, by the environment. */
export interface Proxies {
  /**
   * The proxy for a URL; `undefined` for a direct connection. Loopback addresses are always reached directly.
   * @throws ConfigurationError where the variable holds no URL of an HTTP proxy
   */
  of(url: URL): URL | undefined;
  /** The same for a client that takes agents, such as a cloud's SDK: they look for the proxy by themselves. Empty where there is none at all. */
  agents(): { readonly httpAgent?: HttpAgent; readonly httpsAgent?: HttpsAgent };
}

/**
 * `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, each also in lower case, which goes last. `NO_PROXY` is read as Go's programs read it (the
 * kubelet, Docker, Skopeo): `example.com` with its subdomains, `.example.com` and `*.example.com` for these alone, addresses, CIDR
 * ranges, each with a port or without, and `*` for everything.
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
 */
export function proxiesOf(environment: Environment = process.env): Proxies {
  const read = (name: string): string =>
    (environment[name.toUpperCase()] || environment[name.toLowerCase()] || "").trim();
  const rules = read("no_proxy")
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  const bypasses = rules.map(bypass);
  const proxyOf = (name: string): URL | undefined => {
    const text = read(name);
    if (text === "") return undefined;
    const url = URL.parse(/^[a-z0-9+.-]+:\/\//i.test(text) ? text : `http://${text}`);
    if (url && (url.protocol === "http:" || url.protocol === "https:")) return url;
    // Not its value, which may hold a password.
    throw new ConfigurationError(
      `${name} in the environment is not the URL of an HTTP proxy, such as http://proxy.example.com:3128`,
    );
  };
  return {
    of(url) {
      const host = hostOf(url.hostname);
      const port = url.port || (url.protocol === "https:" ? "443" : "80");
      if (isLoopback(host) || bypasses.some((passes) => passes(host, port))) return undefined;
      return proxyOf(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
    },
    agents() {
      const [http, https] = [proxyOf("HTTP_PROXY"), proxyOf("HTTPS_PROXY")];
      if (!http && !https) return {};
      const proxyEnv = {
        ...(http && { http_proxy: http.href }),
        ...(https && { https_proxy: https.href }),
        // Node takes a name for itself alone, and `.name` for its subdomains too.
        no_proxy: [...rules.flatMap((rule) => [rule, `.${rule}`]), "localhost", "127.0.0.0-127.255.255.255"].join(","),
      };
      const options = { keepAlive: true, maxSockets: 50, proxyEnv };
      return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) };
    },
  };
}

/** Agents of one proxy, or of direct connections. */
export interface AgentPair {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** @param proxy everything goes through it, by Node's own tunnel; direct connections when absent */
export function agentPair(ca?: readonly string[], proxy?: URL): AgentPair {
  const through = proxy === undefined ? {} : { proxyEnv: { http_proxy: proxy.href, https_proxy: proxy.href } };
  return {
    http: new HttpAgent({ keepAlive: true, ...through }),
    https: new HttpsAgent({ keepAlive: true, ...through, ...(ca !== undefined && { ca: [...ca] }) }),
  };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");
const family = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");

function isLoopback(host: string): boolean {
  return host === "localhost" || (isIP(host) !== 0 && LOOPBACK.check(host, family(host)));
}

/** Without the brackets of IPv6 and the dot of a whole name. */
function hostOf(name: string): string {
  return name.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function bypass(rule: string): (host: string, port: string) => boolean {
  if (rule === "*") return () => true;
  const [, network = "", bits = ""] = /^(.+)\/(\d{1,3})$/.exec(rule) ?? [];
  if (isIP(network) !== 0) {
    const range = new BlockList();
    const most = isIP(network) === 6 ? 128 : 32;
    if (Number(bits) > most) return () => false;
    range.addSubnet(network, Number(bits), family(network));
    return (host) => isIP(host) !== 0 && range.check(host, family(host));
  }
  const [, bracketed, plain = "", only] = /^(?:\[(.+)\]|([^:]*))(?::(\d+))?$/.exec(rule) ?? ["", undefined, rule];
  const name = hostOf(bracketed ?? plain).replace(/^\*(?=\.)/, "");
  const matches = name.startsWith(".")
    ? (host: string) => host.endsWith(name)
    : (host: string) => host === name || host.endsWith(`.${name}`);
  return (host, port) => (only === undefined || only === port) && matches(host);
}
