import { EMPTY_HEAD } from "../../journal/chain.ts";
import type { Entry, Head } from "../../journal/entry.ts";
import { ConflictError } from "../../journal/store-errors.ts";
import type { RedisClient } from "./redis-client.ts";
import { MEMBER_LENGTH, membersOf, SEQUENCE_DIGITS, TIME } from "./redis-index.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { LAYOUT } from "./redis-layout.ts";
import { redisScript, runScript } from "./redis-script.ts";

/** Texts from this many characters on go to the socket by themselves, instead of into one string with the others. */
const LARGE = 64 << 10;

/**
 * Compares the head and appends. The index is looked at before anything is written: whatever a script did before it failed stays.
 * Members are added some hundred at a time, as many as Lua's stack takes.
 */
const APPEND = redisScript(`
  local journal, index, layout = KEYS[1], KEYS[2], KEYS[3]
  local expected, count = tonumber(ARGV[1]), (#ARGV - 4) / 4
  local last = redis.call('XREVRANGE', journal, '+', '-', 'COUNT', 1)[1]
  local sequence, hash = 0, '${EMPTY_HEAD.hash}'
  if last then
    sequence = tonumber(string.match(last[1], '^%d+'))
    hash = last[2][2]
  end
  if sequence ~= expected or hash ~= ARGV[2] then
    if count > 0 and sequence >= expected + count then
      local id = string.format('%.0f-0', expected + count)
      local there = redis.call('XRANGE', journal, id, id)[1]
      if there and there[2][2] == ARGV[#ARGV - 3] then return {1} end
    end
    return {0, string.format('%.0f', sequence), hash}
  end
  redis.call('ZCARD', index)
  for nth = 1, count do
    local at = 1 + nth * 4
    redis.call('XADD', journal, string.format('%.0f-0', expected + nth), 'h', ARGV[at], 'e', ARGV[at + 1])
  end
  local batch = {}
  local function add(member)
    batch[#batch + 1] = 0
    batch[#batch + 1] = member
    if #batch >= 1000 then
      redis.call('ZADD', index, unpack(batch))
      batch = {}
    end
  end
  for nth = 1, count do
    local at = 1 + nth * 4
    local suffix = string.format('%0${SEQUENCE_DIGITS}.0f', expected + nth)
    local members, time = ARGV[at + 2], ARGV[at + 3]
    for start = 1, #members, ${MEMBER_LENGTH} do
      add(string.sub(members, start, start + ${MEMBER_LENGTH - 1}) .. suffix)
    end
    if time ~= '' then add('${TIME}' .. time .. suffix) end
  end
  if #batch > 0 then redis.call('ZADD', index, unpack(batch)) end
  if expected == 0 then redis.call('SET', layout, ARGV[4]) end
  if count > 0 then redis.call('PUBLISH', ARGV[3], string.format('%.0f', expected + count)) end
  return {1}
`);

/** What the script is given for some entries. */
export function appendValues(keys: RedisKeys, expected: Head, entries: readonly Entry[]): (string | Buffer)[] {
  const values: (string | Buffer)[] = [String(expected.sequence), expected.hash, keys.channel, LAYOUT];
  const known = new Map<string, string>();
  let time = "";
  for (const entry of entries) {
    const text = JSON.stringify(entry);
    const first = entry.at === time ? "" : entry.at;
    time = entry.at;
    values.push(entry.hash, text.length < LARGE ? text : Buffer.from(text), membersOf(entry, known), first);
  }
  return values;
}

/** @throws ConflictError */
export async function appendEntries(
  client: RedisClient,
  keys: RedisKeys,
  expected: Head,
  values: readonly (string | Buffer)[],
): Promise<void> {
  const names = [keys.journal, keys.index, keys.layout];
  const [done, sequence, hash] = await runScript<[number, string, string]>(client, APPEND, names, values);
  if (done === 0) throw new ConflictError(expected, { sequence: Number(sequence), hash });
}
