import type { Head } from "../../journal/entry.ts";
import { StoreError } from "../../journal/store-errors.ts";
import { verifyJournal } from "../../journal/verification.ts";
import type { ReadingOptions } from "../store-kind.ts";
import type { RedisAccess } from "./redis-client.ts";
import { RedisConnection } from "./redis-connection.ts";
import { redisKeys } from "./redis-keys.ts";
import { hasOurs } from "./redis-layout.ts";
import { RESP_TYPES } from "./redis-library.ts";
import { readAfter } from "./redis-read.ts";
import { decodeText } from "./redis-text.ts";
import type { RedisContext } from "./redis.ts";

/**
 * Reads the whole chain, which a service may be appending to, and changes nothing.
 * @returns the last entry
 * @throws BrokenJournalError naming the first entry that does not hold
 * @throws StoreError
 */
export async function verifyRedis(
  access: RedisAccess,
  { clock, log, random = Math.random }: RedisContext,
  options: ReadingOptions = {},
): Promise<Head> {
  const { description, prefix } = access.address;
  const keys = redisKeys(prefix);
  const connection = new RedisConnection({ access, key: keys.layout, clock, log, random });
  try {
    const ours = await connection.run(({ client }) => hasOurs(client, keys, description));
    if (!ours)
      throw new StoreError(description, `there is no journal under the prefix ${prefix}`, { retryable: false });
    const read = (after: number, limit: number) =>
      connection.run(({ client }) => readAfter(client, keys, after, limit));
    const head = await verifyJournal({ read }, undefined, options);
    const kept = await connection.run(({ client }) =>
      client.sendCommand<string[]>(["HGETALL", keys.cursors], { typeMapping: { [RESP_TYPES.MAP]: Array } }),
    );
    await options.takeCursors?.(cursorsIn(kept));
    return head;
  } finally {
    connection.close();
  }
}

/** @param kept each name with its sequence after it */
function cursorsIn(kept: readonly string[]): ReadonlyMap<string, number> {
  const cursors = new Map<string, number>();
  for (let at = 0; at < kept.length; at += 2) cursors.set(decodeText(kept[at] ?? ""), Number(kept[at + 1]));
  return cursors;
}
