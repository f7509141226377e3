import type { Clock, Logger, Random } from "@executor-registry/resolver";
import { StoreError } from "../../journal/store-errors.ts";
import type { Store } from "../../journal/store.ts";
import { RedisAnnouncements } from "./redis-announcements.ts";
import { appendEntries, appendValues } from "./redis-append.ts";
import type { RedisAccess } from "./redis-client.ts";
import { RedisConnection } from "./redis-connection.ts";
import { durabilityFindings } from "./redis-durability.ts";
import { isLost } from "./redis-errors.ts";
import { redisKeys } from "./redis-keys.ts";
import { hasOurs, layOut } from "./redis-layout.ts";
import { listEntries, readAfter, readHead } from "./redis-read.ts";
import { redisSharing } from "./redis-sharing.ts";
import { changeParts, loadParts, replaceParts, takeParts } from "./redis-snapshots.ts";
import { encodeText } from "./redis-text.ts";
import { WriteWait } from "./redis-wait.ts";

/** What a store works with. */
export interface RedisContext {
  readonly clock: Clock;
  readonly log: Logger;
  /** @default Math.random */
  readonly random?: Random;
}

/**
 * Keeps the journal on a Redis or Valkey server, of its own or of a cluster, which several services may use at once.
 * @throws StoreError
 */
export async function redisStore(
  access: RedisAccess,
  { clock, log, random = Math.random }: RedisContext,
): Promise<Store> {
  const { description, prefix } = access.address;
  const keys = redisKeys(prefix);
  const context = { access, key: keys.layout, clock, log, random };
  const connection = new RedisConnection(context);
  const announcements = new RedisAnnouncements(context, keys.channel);
  const written = new WriteWait({ description, clock, log });

  const findings = await connection
    .open(async (primary) => {
      await hasOurs(primary.client, keys, description);
      await layOut(primary.client, keys);
      return durabilityFindings(primary);
    })
    .catch((problem: unknown) => {
      connection.close();
      throw problem;
    });

  return {
    description,
    findings,
    sharing: redisSharing(connection, announcements, keys),
    head: () => connection.run(({ client }) => readHead(client, keys)),
    async append(expected, entries) {
      const values = appendValues(keys, expected, entries);
      // Whether one attempt may have been carried out although no reply came.
      let unknown = false;
      try {
        await connection.run(async (primary) => {
          const { client } = primary;
          const ready = client.isReady;
          try {
            await appendEntries(client, keys, expected, values);
            await written.until(primary);
          } catch (problem) {
            unknown ||= ready && isLost(problem);
            throw problem;
          }
        });
      } catch (problem) {
        throw unknown && problem instanceof StoreError ? uncertain(problem) : problem;
      }
    },
    read: (after, limit) => connection.run(({ client }) => readAfter(client, keys, after, limit)),
    list: (filter) => connection.run(({ client }) => listEntries(client, keys, filter)),
    saveSnapshot: (snapshot, parts, complete) => {
      // They can be read once, and saving may have to be tried again.
      const all = [...parts];
      const save = complete ? replaceParts : changeParts;
      return connection.run(({ client }) => save(client, keys, snapshot, all));
    },
    async loadSnapshot(take, format) {
      const loaded = await connection.run(({ client }) => loadParts(client, keys, format));
      if (loaded === undefined) return undefined;
      takeParts(loaded.parts, take);
      return loaded.snapshot;
    },
    cursor: (name) =>
      connection.run(async ({ client }) => {
        const kept = await client.sendCommand<string | null>(["HGET", keys.cursors, encodeText(name)]);
        return kept === null ? undefined : Number(kept);
      }),
    saveCursor: (name, sequence) =>
      connection.run(async ({ client }) => {
        await client.sendCommand(["HSET", keys.cursors, encodeText(name), String(sequence)]);
      }),
    async close() {
      announcements.close();
      connection.close();
    },
  };
}

const uncertain = ({ store, message, cause }: StoreError): StoreError => {
  const problem = message.slice(store.length + 2);
  const note = "whether the entries were written is not known; what is read next shows it";
  return new StoreError(store, `${problem}; ${note}`, { cause, retryable: true });
};
