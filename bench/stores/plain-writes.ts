import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createClient } from "@redis/client";
import { Client } from "pg";
import { has } from "../peers.ts";
import type { MeasuredStore } from "./places.ts";

/** Writes texts under numbers, all or nothing, as plainly as a server takes them. */
export interface PlainWrites {
  write(first: number, texts: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** What a store's appends are compared with: the same bytes through the same driver, without a chain, an index or a check. */
export async function plainWrites(store: MeasuredStore): Promise<PlainWrites | undefined> {
  if (store.postgres) return postgresWrites(store.postgres.address);
  if (store.redis) return redisWrites(`redis://${store.redis.host}`);
  if (store.name === "SQLite") return sqliteWrites(store.address("plain").slice("sqlite:".length));
  return undefined;
}

async function postgresWrites(address: string): Promise<PlainWrites> {
  const client = new Client({ connectionString: address });
  await client.connect();
  await client.query("CREATE TABLE IF NOT EXISTS plain (sequence bigint PRIMARY KEY, entry text NOT NULL)");
  return {
    async write(first, texts) {
      if (texts.length === 1)
        await client.query({
          name: "one",
          text: "INSERT INTO plain (sequence, entry) VALUES ($1, $2)",
          values: [first, texts[0]],
        });
      else
        await client.query({
          name: "many",
          text: `INSERT INTO plain (sequence, entry) SELECT $1::bigint + place - 1, entry
                 FROM unnest($2::text[]) WITH ORDINALITY AS new (entry, place)`,
          values: [first, texts],
        });
    },
    close: () => client.end(),
  };
}

async function redisWrites(url: string): Promise<PlainWrites> {
  const client = createClient({ url });
  await client.connect();
  return {
    async write(first, texts) {
      const add = (nth: number): string[] => ["XADD", "plain", `${first + nth}-0`, "e", texts[nth] ?? ""];
      if (texts.length === 1) return void (await client.sendCommand(add(0)));
      await Promise.all([
        client.sendCommand(["MULTI"]),
        ...texts.map((_, nth) => client.sendCommand(add(nth))),
        client.sendCommand(["EXEC"]),
      ]);
    },
    close: async () => client.destroy(),
  };
}

function sqliteWrites(file: string): PlainWrites {
  const database = new DatabaseSync(file);
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 0; PRAGMA cache_size = -512",
  );
  database.exec("CREATE TABLE plain (sequence INTEGER PRIMARY KEY, entry TEXT NOT NULL) STRICT");
  const insert = database.prepare("INSERT INTO plain (sequence, entry) VALUES (?, ?)");
  return {
    async write(first, texts) {
      database.exec("BEGIN IMMEDIATE");
      for (const [nth, text] of texts.entries()) insert.run(first + nth, text);
      database.exec("COMMIT");
    },
    close: async () => database.close(),
  };
}

/**
 * Inserts of the same text by PostgreSQL's own load generator, prepared, each a transaction of its own.
 * @returns transactions per second; `undefined` where there is no pgbench
 */
export async function pgbench(
  store: MeasuredStore,
  folder: string,
  { clients, seconds, text }: { readonly clients: number; readonly seconds: number; readonly text: string },
): Promise<number | undefined> {
  const [program = "pgbench"] = globSync("/usr/lib/postgresql/*/bin/pgbench").toSorted().toReversed();
  if (!store.postgres || (program === "pgbench" && !has("pgbench", { pgbench: "postgresql-contrib" })))
    return undefined;
  store.postgres.sql("CREATE TABLE IF NOT EXISTS benched (sequence bigserial PRIMARY KEY, entry text NOT NULL)");
  const script = join(folder, "insert.sql");
  await writeFile(script, "INSERT INTO benched (entry) VALUES (:entry);\n");
  const place = ["-h", "127.0.0.1", "-p", String(store.postgres.port), "-U", "executor"];
  const how = ["-n", "-M", "prepared", "-c", String(clients), "-j", "1", "-T", String(seconds), "-f", script];
  const printed = execFileSync(program, [...place, ...how, "-D", `entry=${text}`, "executor"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return Number(/^tps = ([\d.]+)/m.exec(printed)?.[1]);
}
