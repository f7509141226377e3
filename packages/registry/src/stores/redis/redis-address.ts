import { ConfigurationError } from "@executor-registry/resolver";

const PORT = 6379;
const SENTINEL_PORT = 26379;
const PREFIX = "executor-registry";

/** A server that is asked. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** What an address says. */
export interface RedisAddress {
  readonly tls: boolean;
  readonly user: string | undefined;
  /** Where to begin: servers of which one is the primary, nodes of a cluster, or sentinels. */
  readonly nodes: readonly [RedisNode, ...RedisNode[]];
  /** The name by which sentinels know the primary; the nodes are sentinels then. */
  readonly sentinel: string | undefined;
  readonly database: number;
  /** What the names of all keys begin with, in braces: they are all in one slot of a cluster. */
  readonly prefix: string;
  /** The address again, as it is shown. */
  readonly description: string;
}

/** How addresses are written, for people. */
export const REDIS_FORMS: readonly string[] = ["redis://HOST", "rediss://HOST"];

/**
 * Reads `redis[s]://[USER@]HOST[:PORT][,HOST[:PORT]…][/DATABASE][?prefix=NAME&sentinel=MASTER]`.
 * @throws ConfigurationError which never repeats the address, since it may hold a password
 */
export function parseRedisAddress(address: string): RedisAddress {
  const [, scheme = "", authority = "", path = "", query = ""] =
    /^(rediss?):\/\/([^/?#\s]*)(?:\/([^?#\s]*))?(?:\?([^#\s]*))?$/.exec(address) ?? [];
  if (authority === "") throw wrong("it is written as redis://HOST:PORT, and names at least a host");
  const at = authority.lastIndexOf("@");
  const user = userOf(authority.slice(0, Math.max(at, 0)));
  const { prefix, sentinel } = parametersOf(query);
  const hosts = authority.slice(at + 1).split(",");
  const [first, ...others] = hosts.map((host) => nodeOf(host, sentinel === undefined ? PORT : SENTINEL_PORT));
  if (first === undefined) throw wrong("it names no host");
  if (!/^\d{0,5}$/.test(path)) throw wrong("what follows the host is the number of a database, such as /0");
  const database = Number(path);
  const shown = [first, ...others].map(nodeText).join(",");
  const named = new URLSearchParams({
    ...(prefix !== PREFIX && { prefix }),
    ...(sentinel !== undefined && { sentinel }),
  });
  const asked = named.size === 0 ? "" : `?${named.toString()}`;
  const by = user === undefined ? "" : `${encodeURIComponent(user)}@`;
  return {
    tls: scheme === "rediss",
    user,
    nodes: [first, ...others],
    sentinel,
    database,
    prefix,
    description: `${scheme}://${by}${shown}${database === 0 ? "" : `/${database}`}${asked}`,
  };
}

/** `HOST:PORT`, with brackets around an IPv6 address. */
export const nodeText = ({ host, port }: RedisNode): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

function userOf(written: string): string | undefined {
  if (written === "") return undefined;
  if (written.includes(":")) {
    throw wrong(
      "a password does not stand in it, where it would be printed; say where it is in `password: {file: PATH}`",
    );
  }
  return decoded(written);
}

function nodeOf(written: string, standard: number): RedisNode {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(written) ?? [];
  const host = bracketed ?? plain;
  const number = port === undefined ? standard : Number(port);
  if (host === undefined || number < 1 || number > 65_535) throw wrong("its hosts are written as HOST:PORT,HOST:PORT");
  return { host, port: number };
}

function parametersOf(query: string): { readonly prefix: string; readonly sentinel: string | undefined } {
  const { prefix = PREFIX, sentinel, ...others } = Object.fromEntries(new URLSearchParams(query));
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw wrong("after its question mark it takes `prefix` and `sentinel` alone");
  if (!/^[\w.:/-]{1,100}$/.test(prefix)) throw wrong("its prefix has letters, digits and . : / _ - alone, at most 100");
  if (sentinel === "") throw wrong("`sentinel` is the name by which the sentinels know the primary, such as mymaster");
  return { prefix, sentinel };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong("its user is not percent-encoded as in a URL");
  }
}

const wrong = (problem: string): ConfigurationError =>
  new ConfigurationError(`the address of the Redis store cannot be used: ${problem}`);
