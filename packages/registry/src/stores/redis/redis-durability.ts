import type { Clock, Logger } from "@executor-registry/resolver";
import type { StoreFinding } from "../../journal/store.ts";
import type { RedisClient } from "./redis-client.ts";
import { isReply } from "./redis-errors.ts";
import { information, type Primary } from "./redis-primary.ts";

/** Milliseconds that an append waits for disks and replicas; and, after they were too slow for that, until they are not. */
const WAIT_MS = 3000;
const IMPATIENT_MS = 100;
/** Milliseconds after which the number of replicas is asked again. */
const RECOUNT_MS = 10_000;

/** What a server does to keep what was written. */
interface Persistence {
  readonly appendOnly: boolean;
  /** Absent where it cannot be asked. */
  readonly sync?: string | undefined;
  readonly eviction?: string | undefined;
  readonly leastReplicas?: number | undefined;
  readonly replicas: number | undefined;
}

/** What about a server's settings breaks the promise of a store, with the remedy. */
export async function durabilityFindings({ client, replicas }: Primary): Promise<readonly StoreFinding[]> {
  const known = await persistenceOf(client, replicas);
  if (known === undefined) {
    return [
      { message: "whether the server keeps what is written cannot be seen: its user may neither CONFIG GET nor INFO" },
    ];
  }
  const { appendOnly, sync, eviction, leastReplicas } = known;
  const findings: string[] = [];
  if (!appendOnly) {
    findings.push(
      "the server keeps no append-only file: entries that were acknowledged are lost when it ends; set appendonly yes",
    );
  } else if (sync === "no") {
    findings.push(
      "the server leaves it to the system when its file is synced: a power failure loses up to half a minute; set appendfsync always",
    );
  } else if (sync === "everysec" && !(await knowsWaitAof(client))) {
    findings.push(
      "the server's file is synced once a second: a power failure may lose the last two seconds; set appendfsync always",
    );
  }
  if (eviction?.startsWith("allkeys")) {
    findings.push(
      `the server deletes keys when its memory is full (maxmemory-policy ${eviction}), the journal too; set maxmemory-policy noeviction`,
    );
  }
  if (leastReplicas === 0 && replicas !== undefined && replicas > 0) {
    findings.push(
      "the server writes without its replicas: what it writes while they are cut off is lost when one takes over; set min-replicas-to-write 1",
    );
  }
  return findings.map((message) => ({ message }));
}

const SETTINGS = ["appendonly", "appendfsync", "maxmemory-policy", "min-replicas-to-write"] as const;

/** Managed servers forbid CONFIG: INFO says most of it. */
async function persistenceOf(client: RedisClient, replicas: number | undefined): Promise<Persistence | undefined> {
  try {
    const pairs = await Promise.all(
      SETTINGS.map((name) => client.configGet(name).then((found) => [name, found[name]] as const)),
    );
    const found = Object.fromEntries(pairs) as Readonly<Record<(typeof SETTINGS)[number], string | undefined>>;
    return {
      appendOnly: found.appendonly === "yes",
      sync: found.appendfsync,
      eviction: found["maxmemory-policy"],
      leastReplicas: Number(found["min-replicas-to-write"] ?? 0),
      replicas,
    };
  } catch (problem) {
    if (!isReply(problem)) throw problem;
  }
  const [persistence, memory] = [await information(client, "persistence"), await information(client, "memory")];
  if (persistence === undefined) return undefined;
  return { appendOnly: persistence.get("aof_enabled") === "1", eviction: memory?.get("maxmemory_policy"), replicas };
}

/** Waits until what a connection wrote is on disks and on replicas, as far as the server can tell. */
export class WriteWait {
  readonly #context: { readonly description: string; readonly clock: Clock; readonly log: Logger };
  #limit = WAIT_MS;
  #waitAof: boolean | undefined;
  #client: RedisClient | undefined;
  #replicas = 0;
  #least = 1;
  #counted = -Infinity;
  #silenced = false;

  constructor(context: { readonly description: string; readonly clock: Clock; readonly log: Logger }) {
    this.#context = context;
  }

  /** After something was written by the same client, which the server tells apart. Where it takes too long the write stands. */
  async until({ client, replicas }: Primary): Promise<void> {
    if (client !== this.#client) await this.#begin(client, replicas);
    const { clock } = this.#context;
    if (clock.now() - this.#counted > RECOUNT_MS) await this.#count(client);
    const wanted = this.#replicas === 0 ? 0 : this.#least;
    try {
      if (this.#waitAof === true) {
        const [local, there] = await client.sendCommand<[number, number]>([
          "WAITAOF",
          "1",
          String(wanted),
          String(this.#limit),
        ]);
        return this.#judge(local >= 1, there, wanted);
      }
      if (wanted === 0) return;
      this.#judge(true, await client.sendCommand<number>(["WAIT", String(wanted), String(this.#limit)]), wanted);
    } catch (problem) {
      // A server without an append-only file, or a user who may not: what findings say. Connections' errors are the caller's.
      if (!isReply(problem) || isReply(problem, "UNBLOCKED")) throw problem;
      if (this.#waitAof === true) this.#waitAof = false;
      else this.#silenced = true;
    }
  }

  async #begin(client: RedisClient, replicas: number | undefined): Promise<void> {
    this.#client = client;
    this.#replicas = replicas ?? 0;
    this.#counted = this.#context.clock.now();
    this.#waitAof = await knowsWaitAof(client);
    this.#least = await leastReplicasOf(client);
  }

  async #count(client: RedisClient): Promise<void> {
    this.#counted = this.#context.clock.now();
    this.#replicas = Number((await information(client, "replication"))?.get("connected_slaves") ?? 0);
  }

  #judge(local: boolean, replicas: number, wanted: number): void {
    const enough = local && replicas >= wanted;
    this.#limit = enough ? WAIT_MS : IMPATIENT_MS;
    if (enough) this.#silenced = false;
    if (enough || this.#silenced) return;
    this.#silenced = true;
    const { description, log } = this.#context;
    const where = local ? `${replicas} of ${wanted} replicas have` : "the server's disk does not have";
    log.warn({ store: description }, `entries are written, but ${where} them yet: a failure now may lose them`);
  }
}

/** Redis 7.2, Valkey 7.2 and later. */
async function knowsWaitAof(client: RedisClient): Promise<boolean> {
  try {
    const [known] = await client.sendCommand<unknown[]>(["COMMAND", "INFO", "WAITAOF"]);
    return Array.isArray(known);
  } catch (problem) {
    if (isReply(problem)) return false;
    throw problem;
  }
}

/** As many as the server itself asks for have an entry before it is acknowledged; one where it asks for none. */
async function leastReplicasOf(client: RedisClient): Promise<number> {
  try {
    return Math.max(1, Number((await client.configGet("min-replicas-to-write"))["min-replicas-to-write"] ?? 1));
  } catch (problem) {
    if (isReply(problem)) return 1;
    throw problem;
  }
}
