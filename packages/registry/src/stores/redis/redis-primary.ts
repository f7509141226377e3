import type { RedisNode } from "./redis-address.ts";
import { nodeText } from "./redis-address.ts";
import { connectNode, type RedisAccess, type RedisClient } from "./redis-client.ts";
import { isPassing, isReply, redisError } from "./redis-errors.ts";
import { StoreError } from "../../journal/store-errors.ts";

/** From node to node of a cluster until one has the keys. */
const MAX_REDIRECTIONS = 5;

/** A connection to the server that may be written. */
export interface Primary {
  readonly client: RedisClient;
  /** How many replicas it has, as of now; unknown where the user may not ask. */
  readonly replicas: number | undefined;
}

/**
 * Finds the server that may be written and has a key: the one that sentinels name, that a cluster redirects to, or that is no replica.
 * @throws what the last server that was tried says
 */
export async function connectPrimary(access: RedisAccess, key: string): Promise<Primary> {
  const { address } = access;
  const nodes = address.sentinel === undefined ? address.nodes : [await askSentinels(access, address.sentinel)];
  let last: unknown;
  for (const node of nodes) {
    try {
      return await follow(access, node, key);
    } catch (problem) {
      last = problem;
    }
  }
  throw last;
}

async function follow(access: RedisAccess, first: RedisNode, key: string): Promise<Primary> {
  let node = first;
  for (let redirections = 0; ; redirections += 1) {
    const client = await connectNode(access, node);
    try {
      await client.sendCommand(["EXISTS", key]);
      const replicas = await replicasOf(client, access, node);
      return { client, replicas };
    } catch (problem) {
      client.destroy();
      if (!isReply(problem, "MOVED") || redirections === MAX_REDIRECTIONS) throw problem;
      node = movedTo((problem as Error).message, node);
    }
  }
}

/** `MOVED 3999 10.0.0.1:6381`; without a host it is the same one. */
function movedTo(message: string, from: RedisNode): RedisNode {
  const target = message.split(" ").at(-1) ?? "";
  const colon = target.lastIndexOf(":");
  const host = target.slice(0, colon).replace(/^\[|\]$/g, "") || from.host;
  return { host, port: Number(target.slice(colon + 1)) };
}

/** @throws StoreError for a server that is itself a replica */
async function replicasOf(client: RedisClient, { address }: RedisAccess, node: RedisNode): Promise<number | undefined> {
  const replication = await information(client, "replication");
  if (replication === undefined) return undefined;
  if (replication.get("role") === "slave") {
    throw new StoreError(address.description, `${nodeText(node)} is a replica, which cannot be written`, {
      retryable: true,
    });
  }
  return Number(replication.get("connected_slaves") ?? 0);
}

/** A section of INFO; `undefined` where the user may not ask. */
export async function information(client: RedisClient, section: string): Promise<Map<string, string> | undefined> {
  try {
    const text = await client.sendCommand<string>(["INFO", section]);
    return new Map(text.split("\r\n").map((line) => [line.split(":", 1)[0] ?? "", line.slice(line.indexOf(":") + 1)]));
  } catch (problem) {
    if (isReply(problem, "NOPERM")) return undefined;
    throw problem;
  }
}

/** The primary as the first sentinel that answers names it. */
async function askSentinels(access: RedisAccess, name: string): Promise<RedisNode> {
  const { nodes, description } = access.address;
  let last: unknown;
  for (const node of nodes) {
    try {
      const found = await askSentinel(access, node, name);
      if (found !== undefined) return found;
      last ??= new StoreError(description, `the sentinel ${nodeText(node)} knows no primary named ${name}`, {
        retryable: false,
      });
    } catch (problem) {
      // One that is away says less than one that answers.
      if (last === undefined || isPassing(last)) last = problem;
    }
  }
  throw redisError(description, last, "; no sentinel names the primary");
}

/** Sentinels have a password of their own, or none: most often the same. */
async function askSentinel(access: RedisAccess, node: RedisNode, name: string): Promise<RedisNode | undefined> {
  const ask = async (authenticated: boolean): Promise<RedisNode | undefined> => {
    const client = await connectNode(access, node, { authenticated, database: 0 });
    try {
      const reply = await client.sendCommand<[string, string] | null>(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]);
      return reply === null ? undefined : { host: reply[0], port: Number(reply[1]) };
    } finally {
      client.destroy();
    }
  };
  try {
    return await ask(false);
  } catch (problem) {
    if (!isReply(problem, "NOAUTH")) throw problem;
    return ask(true);
  }
}
