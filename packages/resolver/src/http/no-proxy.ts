import { BlockList, isIP } from "node:net";

/**
 * Which servers `NO_PROXY` excepts, read as Go's programs read it (the kubelet, Docker, Skopeo): `example.com` with its subdomains,
 * `.example.com` and `*.example.com` for these alone, addresses, CIDR ranges, each with a port or without, and `*` for everything.
 * Loopback addresses are always excepted.
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
 */
export function noProxyFor(exceptions: string): (server: URL) => boolean {
  const bypasses = noProxyRules(exceptions).map(bypass);
  return ({ hostname, port, protocol }) => {
    const host = hostOf(hostname);
    const effective = port || (protocol === "https:" ? "443" : "80");
    return isLoopback(host) || bypasses.some((passes) => passes(host, effective));
  };
}

/** The entries of `NO_PROXY`, in lower case. */
export function noProxyRules(exceptions: string): readonly string[] {
  return exceptions
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");
const family = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** Whether a name or an address, without brackets, is this machine's own. */
export function isLoopback(host: string): boolean {
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
