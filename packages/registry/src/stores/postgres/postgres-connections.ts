import type { Clock } from "@executor-registry/resolver";
import { backoff } from "@executor-registry/resolver/internal";
import { type Client, Pool, type PoolClient } from "pg";
import { clientClass, type PostgresServer } from "./postgres-client.ts";
import { losesConnection, passesByItself } from "./postgres-errors.ts";

/** Few: a journal appends one after the other, and the server's connections are dear. */
const MAX_CLIENTS = 4;
/** Milliseconds after which an unused connection is closed. */
const IDLE_MS = 60_000;
/** Milliseconds, since the first failure, in which a task that lost its connection is begun again. */
const RECONNECT_MS = 5000;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1000;

/** Runs one statement. @returns its rows */
export type Query = <R extends object>(
  text: string,
  values?: readonly unknown[],
  timeoutMs?: number,
) => Promise<readonly R[]>;

/** Connections to one server, which outlive its restarts. None of them keeps anything between two tasks: a pooler may be in between. */
export interface Connections {
  /** Does a task on a connection, once. */
  once<T>(task: (query: Query) => Promise<T>): Promise<T>;
  /** The same; where the connection is lost, once more, for a while: the task must bear to be done twice. */
  steady<T>(task: (query: Query) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function connections(server: PostgresServer, clock: Clock): Connections {
  const pool = new Pool({ Client: clientClass(server), max: MAX_CLIENTS, idleTimeoutMillis: IDLE_MS });
  // A connection that dies while nothing uses it is gone already; without a listener the process would end.
  pool.on("error", () => {});

  const once = async <T>(task: (query: Query) => Promise<T>): Promise<T> => {
    const client: PoolClient = await pool.connect();
    let lost = false;
    try {
      return await task(queryOn(client));
    } catch (problem) {
      lost = losesConnection(problem);
      throw problem;
    } finally {
      client.release(lost);
    }
  };

  const steady = async <T>(task: (query: Query) => Promise<T>): Promise<T> => {
    let since: number | undefined;
    for (let failures = 0; ; failures++) {
      try {
        return await once(task);
      } catch (problem) {
        since ??= clock.now();
        const wait = backoff(failures, Math.random, LONGEST_WAIT_MS, FIRST_WAIT_MS);
        const over = clock.now() + wait - since > RECONNECT_MS;
        if (!passesByItself(problem) || over || server.closing.aborted) throw problem;
        await clock.sleep(wait);
      }
    }
  };

  return { once, steady, close: () => pool.end() };
}

/** Statements are not prepared under a name: a pooler would give them to another connection. */
export function queryOn(client: Pick<Client, "query">): Query {
  return async <R extends object>(text: string, values: readonly unknown[] = [], timeoutMs?: number) => {
    const config = { text, values: [...values], ...(timeoutMs !== undefined && { query_timeout: timeoutMs }) };
    return (await client.query<R>(config)).rows;
  };
}

/** Does a task in a transaction, all or nothing. */
export async function inTransaction<T>(
  query: Query,
  kind: "" | "ISOLATION LEVEL REPEATABLE READ READ ONLY",
  task: () => Promise<T>,
): Promise<T> {
  await query(`BEGIN ${kind}`);
  try {
    const result = await task();
    await query("COMMIT");
    return result;
  } catch (problem) {
    // Where that fails too, the connection is lost, and the transaction with it.
    if (!losesConnection(problem)) await query("ROLLBACK");
    throw problem;
  }
}
