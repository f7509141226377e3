import { BlockList, isIP } from "node:net";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for a server: HTTPS_PROXY or HTTP_PROXY, by the server's scheme, unless NO_PROXY excepts
 * it or it is this machine. The rules are those of Go, so of kubectl.
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy#FromEnvironment
 * @throws TypeError when the variable holds no URL
 */
export function proxyOf(server: URL, variables: Variables): URL | undefined {
  const name = server.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const value = variables[name] || variables[name.toLowerCase()];
  if (!value || isExcepted(server, variables["NO_PROXY"] || variables["no_proxy"] || "")) return undefined;
  return parseProxy(value, name);
}

/** A proxy's URL; a host alone means plain HTTP. @param where for messages, which never repeat the URL's password */
export function parseProxy(text: string, where: string): URL {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (!url || url.hostname === "" || !/^(?:https?|socks5h?):$/.test(url.protocol)) {
    throw new TypeError(`${where} is not the URL of a proxy (http, https, socks5)`);
  }
  return url;
}

function isExcepted({ hostname, port, protocol }: URL, exceptions: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const effective = port || (protocol === "https:" ? "443" : "80");
  if (host === "localhost" || isLoopback(host)) return true;
  return exceptions.split(",").some((entry) => matches(entry.trim().toLowerCase(), host, effective));
}

function isLoopback(host: string): boolean {
  return isIP(host) === 4 ? host.startsWith("127.") : host === "::1";
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return isWithin(host, entry);
  const [, name = entry, only = port] = /^(\[.*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  const wanted = name.replace(/^\[|\]$/g, "").replace(/^\*\./, ".");
  if (wanted === "" || only !== port) return false;
  if (isIP(wanted)) return wanted === host;
  return host === wanted || host.endsWith(wanted.startsWith(".") ? wanted : `.${wanted}`);
}

function isWithin(host: string, range: string): boolean {
  const [network = "", bits = ""] = range.split("/");
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
    return false;
  }
  const type = family === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(network, Number(bits), type);
  return list.check(host, type);
}
