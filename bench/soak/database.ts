import { noPostgresServer, startPostgresServer } from "../../testing/postgres-server.ts";
import { noRedisServer, startRedisServer } from "../../testing/redis-server.ts";

export const STORES = ["postgres", "redis"] as const;
export type StoreName = (typeof STORES)[number];

/** A database server that is killed and comes back with what it has acknowledged. */
export interface SoakDatabase extends AsyncDisposable {
  readonly port: number;
  /** The journal's address, as `store` has it, where the server is reached at this port. */
  address(port: number): string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Why a soak on this store cannot run here, or `false`. */
export const lacking = (store: StoreName): string | false => (store === "postgres" ? noPostgresServer : noRedisServer);

export async function startDatabase(store: StoreName): Promise<SoakDatabase> {
  if (store === "redis") {
    const server = await startRedisServer();
    return { ...handles(server), address: (port) => `redis://127.0.0.1:${port}` };
  }
  const server = await startPostgresServer();
  return { ...handles(server), address: (port) => server.address.replace(`:${server.port}/`, `:${port}/`) };
}

const handles = (server: Omit<SoakDatabase, "address">): Omit<SoakDatabase, "address"> => ({
  port: server.port,
  stop: () => server.stop(),
  start: () => server.start(),
  [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
});
