import type { Head } from "../../journal/entry.ts";
import { StoreError } from "../../journal/store-errors.ts";
import { type VerificationOptions, verifyJournal } from "../../journal/verification.ts";
import type { RedisAccess } from "./redis-client.ts";
import { RedisConnection } from "./redis-connection.ts";
import { redisKeys } from "./redis-keys.ts";
import { hasOurs } from "./redis-layout.ts";
import { readAfter } from "./redis-read.ts";
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
  options: VerificationOptions = {},
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
    return await verifyJournal({ read }, undefined, options);
  } finally {
    connection.close();
  }
}
