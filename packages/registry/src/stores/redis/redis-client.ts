import { readFile } from "node:fs/promises";
import { StoreError } from "../../journal/store-errors.ts";
import { readPassword } from "../password.ts";
import type { StoreSettings } from "../store-settings.ts";
import type { RedisAddress, RedisNode } from "./redis-address.ts";
import { isReply } from "./redis-errors.ts";
import { createClient, type RedisClientType } from "./redis-library.ts";

/** Milliseconds until a server that does not answer counts as away: for a connection, and for a reply. */
const CONNECT_MS = 5000;
const SILENT_MS = 15_000;
/** An idle connection is asked this often, so that it is not taken for one that is silent. */
const PING_MS = 5000;

export type RedisClient = RedisClientType;

/** What a connection is made with. */
export interface RedisAccess {
  readonly address: RedisAddress;
  readonly password: StoreSettings["password"];
  readonly ca: StoreSettings["ca"];
}

/** A connection that is not made again when it is lost: the primary may be another server then. */
export async function connectNode(
  { address, password, ca }: RedisAccess,
  { host, port }: RedisNode,
  { authenticated = true, database = address.database } = {},
): Promise<RedisClient> {
  const { tls, user } = address;
  const credentials = authenticated && password !== undefined ? { password: await readPassword(password) } : {};
  const trusted = tls && ca !== undefined ? { ca: await certificatesOf(ca, address.description) } : {};
  const socket = {
    host,
    port,
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
    reconnectStrategy: false as const,
  };
  const client: RedisClient = createClient({
    socket: tls ? { ...socket, tls: true, ...trusted } : socket,
    ...credentials,
    ...(user !== undefined && authenticated && { username: user }),
    database,
    name: "executor-registry",
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    pingInterval: PING_MS,
    // A large append may be on its way for longer than the client lets others wait.
    commandOptions: { timeout: 0 },
  });
  // Whoever waits for a reply is told of it there.
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (problem) {
    client.destroy();
    throw withoutSecrets(problem);
  }
}

/** A server that does not know HELLO repeats it, with the password. */
function withoutSecrets(problem: unknown): unknown {
  const { message = "" } = (problem ?? {}) as { readonly message?: string };
  if (!isReply(problem) || !/unknown command/i.test(message)) return problem;
  return Object.assign(problem as Error, { message: "ERR unknown command 'HELLO'", stack: "" });
}

async function certificatesOf(path: string, description: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new StoreError(description, `the certificates in ${path} cannot be read (${(cause as Error).message})`, {
      cause,
      retryable: false,
    });
  }
}
