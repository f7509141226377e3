import { hash } from "node:crypto";
import type { RedisClient } from "./redis-client.ts";
import { isReply } from "./redis-errors.ts";

/** A program that the server runs, all or nothing. */
export interface RedisScript {
  readonly source: string;
  readonly sha: string;
}

export const redisScript = (source: string): RedisScript => ({ source, sha: hash("sha1", source) });

/** Runs a script. A server that was started again does not know it, and is given it again. */
export async function runScript<T>(
  client: RedisClient,
  { source, sha }: RedisScript,
  keys: readonly string[],
  values: readonly (string | Buffer)[],
): Promise<T> {
  const rest = [String(keys.length), ...keys, ...values];
  try {
    return await client.sendCommand<T>(["EVALSHA", sha, ...rest]);
  } catch (problem) {
    if (!isReply(problem, "NOSCRIPT")) throw problem;
    return client.sendCommand<T>(["EVAL", source, ...rest]);
  }
}
