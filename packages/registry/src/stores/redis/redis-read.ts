import { EMPTY_HEAD } from "../../journal/chain.ts";
import type { Entry, Head, JournalFilter } from "../../journal/entry.ts";
import { parseEntry } from "../../journal/entry-text.ts";
import { BrokenJournalError } from "../../journal/errors.ts";
import { PORTION_BYTES } from "../../journal/store.ts";
import type { RedisClient } from "./redis-client.ts";
import { findSequences } from "./redis-list.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { redisScript, runScript } from "./redis-script.ts";

/** Entries that are asked for at once: few at first, since they may be large; then as many as the last ones' size allows. */
const FIRST_PAGE = 16;
const MAX_PAGE = 256;

/** An entry of a stream: its id and `["h", hash, "e", JSON]`. */
type Row = readonly [id: string, fields: readonly string[]];

/** The last entry's text stays on the server: it may be large. */
const HEAD = redisScript(`
  local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
  if not last then return false end
  return {string.match(last[1], '^%d+'), last[2][2]}
`);

export async function readHead(client: RedisClient, { journal }: RedisKeys): Promise<Head> {
  const last = await runScript<[string, string] | null>(client, HEAD, [journal], []);
  return last === null ? EMPTY_HEAD : { sequence: Number(last[0]), hash: last[1] };
}

/** The entries after a sequence, until they have as many bytes as are read at once. */
export function readAfter(client: RedisClient, keys: RedisKeys, after: number, limit: number): Promise<Entry[]> {
  return inPages(limit, async (count, last) => {
    const from = idOf((last ?? after) + 1);
    return client.sendCommand<Row[]>(["XRANGE", keys.journal, from, "+", "COUNT", String(count)]);
  });
}

/** The entries that match, newest first or in the order that the filter asks for. */
export async function listEntries(client: RedisClient, keys: RedisKeys, filter: JournalFilter): Promise<Entry[]> {
  const { after, limit } = filter;
  const { low, high, sequences } = await findSequences(client, keys, filter);
  if (low > high) return [];
  if (sequences !== undefined) {
    let next = 0;
    return inPages(limit, async (count) => {
      const wanted = sequences.slice(next, (next += count));
      return Promise.all(wanted.map((sequence) => rowAt(client, keys, sequence)));
    });
  }
  return inPages(limit, async (count, last) => {
    const some = ["COUNT", String(count)];
    if (after === undefined) {
      const from = (last ?? high + 1) - 1;
      if (from < low) return [];
      const newest = from >= Number.MAX_SAFE_INTEGER ? "+" : idOf(from);
      return client.sendCommand<Row[]>(["XREVRANGE", keys.journal, newest, idOf(low), ...some]);
    }
    const from = (last ?? low - 1) + 1;
    if (from > high) return [];
    const newest = high >= Number.MAX_SAFE_INTEGER ? "+" : idOf(high);
    return client.sendCommand<Row[]>(["XRANGE", keys.journal, idOf(from), newest, ...some]);
  });
}

async function inPages(
  limit: number,
  next: (count: number, last: number | undefined) => Promise<readonly Row[]>,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  let bytes = 0;
  let page = FIRST_PAGE;
  while (entries.length < limit) {
    const count = Math.min(page, limit - entries.length);
    const rows = await next(count, entries.at(-1)?.sequence);
    for (const row of rows) {
      entries.push(entryOf(row));
      bytes += row[1][3]?.length ?? 0;
      if (bytes >= PORTION_BYTES) return entries;
    }
    if (rows.length < count) break;
    const fitting = Math.ceil(((PORTION_BYTES - bytes) * entries.length) / Math.max(1, bytes));
    page = Math.max(1, Math.min(MAX_PAGE, page * 2, fitting));
  }
  return entries;
}

async function rowAt(client: RedisClient, { journal }: RedisKeys, sequence: number): Promise<Row> {
  const id = idOf(sequence);
  const [row] = await client.sendCommand<Row[]>(["XRANGE", journal, id, id]);
  if (row === undefined) throw new BrokenJournalError(sequence, "it was written, but is missing");
  return row;
}

function entryOf(row: Row): Entry {
  const sequence = sequenceOf(row);
  const [, hash, , text = ""] = row[1];
  const entry = parseEntry(text, sequence);
  // What appends compare is beside the entry: the two say the same.
  if (entry.hash !== hash) throw new BrokenJournalError(sequence, "the hash that is kept beside it is another");
  return entry;
}

const idOf = (sequence: number): string => `${sequence}-0`;
const sequenceOf = ([id]: Row): number => Number(id.slice(0, id.indexOf("-")));
