import { randomUUID } from "node:crypto";
import type { SnapshotHead, SnapshotPart } from "../../journal/entry.ts";
import type { RedisClient } from "./redis-client.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { RESP_TYPES } from "./redis-library.ts";
import { redisScript, runScript } from "./redis-script.ts";
import { decodeText, encodeText } from "./redis-text.ts";

/** Characters that are sent at once. */
const CHUNK = 1 << 20;
/** Milliseconds after which what a process that ended had begun to save vanishes. */
const ABANDONED_MS = 3_600_000;

/** Formats before the last one that are looked for, to be deleted. */
const OLD_FORMATS = 10;

/** Whether the snapshot there is, is not newer than the one to be kept: the beginning of both scripts. */
const MAY_REPLACE = `
  local there = redis.call('HGET', KEYS[1], 'sequence')
  local newer = there and tonumber(there) > tonumber(ARGV[1])
  local function head()
    redis.call('HSET', KEYS[1], 'sequence', ARGV[1], 'hash', ARGV[2], 'format', ARGV[3], 'parts', ARGV[4])
  end
`;

/** Puts some parts in place of those with the same keys. */
const CHANGE = redisScript(`${MAY_REPLACE}
  if newer then return 0 end
  for at = 5, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1]) end
  head()
  return 1
`);

/** Puts the parts that were gathered under a key of their own in place of all others. */
const REPLACE = redisScript(`${MAY_REPLACE}
  if newer then
    redis.call('UNLINK', KEYS[3])
    return 0
  end
  -- What was gathered an hour ago may have vanished.
  if tonumber(ARGV[5]) ~= redis.call('HLEN', KEYS[3]) then return -1 end
  redis.call('UNLINK', KEYS[2])
  if tonumber(ARGV[5]) > 0 then
    redis.call('RENAME', KEYS[3], KEYS[2])
    redis.call('PERSIST', KEYS[2])
  end
  head()
  return 1
`);

const headValues = ({ head, format, parts }: SnapshotHead): string[] =>
  [head.sequence, head.hash, format, parts].map(String);

/** Keeps what has changed, in one script. Saved again after a lost reply, it is the same. */
export async function changeParts(
  client: RedisClient,
  keys: RedisKeys,
  snapshot: SnapshotHead,
  parts: readonly SnapshotPart[],
): Promise<void> {
  const { format } = snapshot;
  const values = parts.flatMap(({ key, text }) => [encodeText(key), encodeText(text)]);
  await runScript(client, CHANGE, [keys.snapshot(format), keys.parts(format)], [...headValues(snapshot), ...values]);
}

/** Gathers all parts under another key, some at a time, and puts them in place at once. */
export async function replaceParts(
  client: RedisClient,
  keys: RedisKeys,
  snapshot: SnapshotHead,
  parts: Iterable<SnapshotPart>,
): Promise<void> {
  const { format } = snapshot;
  const gathered = `${keys.parts(format)}:${randomUUID()}`;
  const known = new Set<string>();
  try {
    let chunk: string[] = [];
    let size = 0;
    const send = async (): Promise<void> => {
      if (chunk.length === 0) return;
      const set = client.sendCommand(["HSET", gathered, ...chunk]);
      const expire = client.sendCommand(["PEXPIRE", gathered, String(ABANDONED_MS)]);
      chunk = [];
      size = 0;
      await Promise.all([set, expire]);
    };
    for (const { key, text } of parts) {
      const [field, value] = [encodeText(key), encodeText(text)];
      known.add(field);
      chunk.push(field, value);
      size += field.length + value.length;
      if (size >= CHUNK) await send();
    }
    await send();
    const names = [keys.snapshot(format), keys.parts(format), gathered];
    const done = await runScript<number>(client, REPLACE, names, [...headValues(snapshot), String(known.size)]);
    if (done === -1) throw new Error("what was gathered of a snapshot is not there any more");
    // The last format is left for the release before, which may still run.
    const old = Array.from({ length: OLD_FORMATS }, (_, at) => format - 2 - at);
    await client.sendCommand(["UNLINK", ...old.flatMap((one) => [keys.snapshot(one), keys.parts(one)])]);
  } catch (problem) {
    // Else it vanishes after a while.
    if (client.isReady) await client.sendCommand(["UNLINK", gathered]).catch(() => {});
    throw problem;
  }
}

/** Head and parts of one moment. */
export async function loadParts(
  client: RedisClient,
  keys: RedisKeys,
  format: number,
): Promise<{ readonly snapshot: SnapshotHead; readonly parts: readonly Buffer[] } | undefined> {
  // Parts stay bytes until each is taken: as texts all of them would be in memory twice.
  const options = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.MAP]: Array } };
  // Sent in one turn, so that nothing of others is between; the client's own transactions lose the mapping of types.
  const replies = await Promise.all([
    client.sendCommand(["MULTI"]),
    client.sendCommand(["HMGET", keys.snapshot(format), "sequence", "hash", "parts"]),
    client.sendCommand(["HGETALL", keys.parts(format)]),
    client.sendCommand<[readonly (Buffer | null)[], readonly Buffer[]]>(["EXEC"], options),
  ]);
  const [head, parts] = replies[3];
  const [sequence, hash, count] = head.map((value) => value?.toString());
  if (sequence === undefined) return undefined;
  return { snapshot: { head: { sequence: Number(sequence), hash: hash ?? "" }, format, parts: Number(count) }, parts };
}

/** Hands parts over, one after the other. */
export function takeParts(parts: readonly Buffer[], take: (part: SnapshotPart) => void): void {
  for (let at = 0; at + 1 < parts.length; at += 2) {
    take({ key: decodeText(String(parts[at])), text: decodeText(String(parts[at + 1])) });
  }
}
