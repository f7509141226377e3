import type { JournalFilter } from "../../journal/entry.ts";
import type { RedisClient } from "./redis-client.ts";
import { SEQUENCE_DIGITS, TIME, wantedMembers } from "./redis-index.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { redisScript, runScript } from "./redis-script.ts";

/** Members that the server looks at before others get a turn. */
const TURN = 5000;
/** The byte after {@link TIME}. */
const AFTER_TIME = String.fromCharCode(TIME.charCodeAt(0) + 1);

/** The first sequences at or after two times, 0 where there is none: times never go backwards, so a time is a sequence. */
const TIMES = redisScript(`
  local found = {}
  for nth, time in ipairs(ARGV) do
    local member = redis.call('ZRANGEBYLEX', KEYS[1], '[${TIME}' .. time, '(${AFTER_TIME}', 'LIMIT', 0, 1)[1]
    found[nth] = member and string.sub(member, -${SEQUENCE_DIGITS}) or ''
  end
  return found
`);

/**
 * Walks the member with the fewest sequences and keeps those that the others have too.
 * Gives up after some, with the place where to go on.
 */
const FIND = redisScript(`
  local index = KEYS[1]
  local low, high, ascending, limit = ARGV[1], ARGV[2], ARGV[3] == '1', tonumber(ARGV[4])
  local best, fewest = 5, nil
  for nth = 5, #ARGV do
    local many = redis.call('ZLEXCOUNT', index, '[' .. ARGV[nth] .. low, '[' .. ARGV[nth] .. high)
    if not fewest or many < fewest then best, fewest = nth, many end
  end
  local found, member = {}, ARGV[best]
  local from, to = '[' .. member .. low, '[' .. member .. high
  local page
  if ascending then
    page = redis.call('ZRANGEBYLEX', index, from, to, 'LIMIT', 0, ${TURN})
  else
    page = redis.call('ZREVRANGEBYLEX', index, to, from, 'LIMIT', 0, ${TURN})
  end
  local reached = ''
  for _, one in ipairs(page) do
    reached = string.sub(one, -${SEQUENCE_DIGITS})
    local all = true
    for nth = 5, #ARGV do
      if nth ~= best and not redis.call('ZSCORE', index, ARGV[nth] .. reached) then
        all = false
        break
      end
    end
    if all then found[#found + 1] = reached end
    if #found == limit then break end
  end
  if #found < limit and #page < ${TURN} then reached = '' end
  return {reached, found}
`);

/** Where entries that match are. */
export interface Found {
  /** The first and the last sequence that may match. */
  readonly low: number;
  readonly high: number;
  /** Those that match, in order; absent where all from first to last do. */
  readonly sequences: readonly number[] | undefined;
}

export async function findSequences(client: RedisClient, keys: RedisKeys, filter: JournalFilter): Promise<Found> {
  const { after, before, from, until, limit } = filter;
  let low = (after ?? 0) + 1;
  let high = before === undefined ? Number.MAX_SAFE_INTEGER : before - 1;
  if (from !== undefined || until !== undefined) {
    const times = [from ?? "", until ?? ""];
    const [first = "", end = ""] = await runScript<string[]>(client, TIMES, [keys.index], times);
    if (from !== undefined) low = first === "" ? Number.MAX_SAFE_INTEGER : Math.max(low, Number(first));
    if (until !== undefined && end !== "") high = Math.min(high, Number(end) - 1);
    if (first === "" && from !== undefined) high = 0;
  }
  const wanted = wantedMembers(filter);
  if (wanted.length === 0 || low > high) return { low, high, sequences: undefined };
  const sequences: number[] = [];
  const ascending = after !== undefined;
  while (sequences.length < limit && low <= high) {
    const values = [padded(low), padded(high), ascending ? "1" : "0", String(limit - sequences.length), ...wanted];
    const [reached, found] = await runScript<[string, string[]]>(client, FIND, [keys.index], values);
    for (const sequence of found) sequences.push(Number(sequence));
    if (reached === "") break;
    if (ascending) low = Number(reached) + 1;
    else high = Number(reached) - 1;
  }
  return { low: 1, high: Number.MAX_SAFE_INTEGER, sequences };
}

/** Numbers that are longer are after all sequences. */
const padded = (sequence: number): string =>
  sequence >= 10 ** SEQUENCE_DIGITS ? "9".repeat(SEQUENCE_DIGITS) : String(sequence).padStart(SEQUENCE_DIGITS, "0");
