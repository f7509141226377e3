import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { ConfigurationError } from "@executor-registry/resolver";
import { noProxyFor, noProxyRules } from "@executor-registry/resolver/internal";

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

/** `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, each also in lower case, which goes last. */
export function proxiesOf(environment: Environment = process.env): Proxies {
  const read = (name: string): string =>
    (environment[name.toUpperCase()] || environment[name.toLowerCase()] || "").trim();
  const isExcepted = noProxyFor(read("no_proxy"));
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
      if (isExcepted(url)) return undefined;
      return proxyOf(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
    },
    agents() {
      const [http, https] = [proxyOf("HTTP_PROXY"), proxyOf("HTTPS_PROXY")];
      if (!http && !https) return {};
      const proxyEnv = {
        ...(http && { http_proxy: http.href }),
        ...(https && { https_proxy: https.href }),
        // Node takes a name for itself alone, and `.name` for its subdomains too.
        no_proxy: [
          ...noProxyRules(read("no_proxy")).flatMap((rule) => [rule, `.${rule}`]),
          "localhost",
          "127.0.0.0-127.255.255.255",
        ].join(","),
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
