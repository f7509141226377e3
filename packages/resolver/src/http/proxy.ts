import { noProxyFor } from "./no-proxy.ts";

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
  if (!value || noProxyFor(variables["NO_PROXY"] || variables["no_proxy"] || "")(server)) return undefined;
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
