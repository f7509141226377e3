import type { StoreFinding } from "../../journal/store.ts";
import type { RedisClient } from "./redis-client.ts";
import { isReply } from "./redis-errors.ts";
import { information, type Primary } from "./redis-primary.ts";
import { knowsWaitAof } from "./redis-wait.ts";

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
  } else if (sync === "everysec") {
    const what = (await knowsWaitAof(client))
      ? "each append waits up to a second for that"
      : "a power failure may lose the last two seconds";
    findings.push(`the server's file is synced once a second: ${what}; set appendfsync always`);
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
