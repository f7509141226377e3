import type { SnapshotHead, SnapshotPart } from "../../journal/entry.ts";
import { PORTION_BYTES } from "../../journal/store.ts";
import { type Connections, inTransaction, type Query } from "./postgres-connections.ts";
import { restored, storable } from "./postgres-text.ts";

/** Parts that one statement asks for. */
const PAGE = 1000;
/** Before the first entry: of a snapshot that is only being written. */
const NOTHING = -1;

interface HeadRow {
  readonly sequence: number;
  readonly hash: string;
  readonly parts: number;
}

/** One snapshot for each format of the parts: two releases that run side by side do not overwrite each other's. */
interface PostgresSnapshots {
  save(snapshot: SnapshotHead, parts: Iterable<SnapshotPart>, complete: boolean): Promise<void>;
  load(take: (part: SnapshotPart) => void, format: number): Promise<SnapshotHead | undefined>;
}

/** @param schema quoted */
export function postgresSnapshots(connections: Connections, schema: string): PostgresSnapshots {
  return {
    // Parts are read once, so a connection that is lost is not made again.
    save: ({ head, format, parts: count }, parts, complete) =>
      connections.once((query) =>
        inTransaction(query, "", async () => {
          await query(
            `INSERT INTO ${schema}.snapshots (format, sequence, hash, parts) VALUES ($1, $2, '', 0) ON CONFLICT DO NOTHING`,
            [format, NOTHING],
          );
          const [stored] = await query<HeadRow>(
            `SELECT sequence::float8 AS sequence FROM ${schema}.snapshots WHERE format = $1 FOR UPDATE`,
            [format],
          );
          if (stored !== undefined && stored.sequence > head.sequence) return;
          if (complete) await clear(query, schema, format);
          for (const portion of inPortions(parts)) {
            await query(
              `INSERT INTO ${schema}.snapshot_parts (format, key, text)
               SELECT $1::integer, key, text FROM unnest($2::text[], $3::text[]) AS new (key, text)
               ON CONFLICT (format, key) DO UPDATE SET text = EXCLUDED.text`,
              [format, [...portion.keys()], [...portion.values()]],
            );
          }
          await query(`UPDATE ${schema}.snapshots SET sequence = $2, hash = $3, parts = $4 WHERE format = $1`, [
            format,
            head.sequence,
            head.hash,
            count,
          ]);
        }),
      ),
    async load(take, format) {
      return connections.once((query) =>
        inTransaction(query, "ISOLATION LEVEL REPEATABLE READ READ ONLY", async () => {
          const [row] = await query<HeadRow>(
            `SELECT sequence::float8 AS sequence, hash, parts FROM ${schema}.snapshots WHERE format = $1`,
            [format],
          );
          if (row === undefined) return undefined;
          for await (const { key, text } of storedParts(query, schema, format))
            take({ key: restored(key), text: restored(text) });
          return { head: { sequence: row.sequence, hash: row.hash }, format, parts: row.parts };
        }),
      );
    },
  };
}

/** Every part of a format goes, and all of formats that no release beside this one reads any more. */
async function clear(query: Query, schema: string, format: number): Promise<void> {
  await query(`DELETE FROM ${schema}.snapshots WHERE format < $1`, [format - 1]);
  await query(`DELETE FROM ${schema}.snapshot_parts WHERE format = $1 OR format < $2`, [format, format - 1]);
}

/** As many parts as one statement takes. One key twice in a statement is refused. */
function* inPortions(parts: Iterable<SnapshotPart>): Generator<ReadonlyMap<string, string>> {
  let portion = new Map<string, string>();
  let length = 0;
  for (const { key, text } of parts) {
    portion.set(storable(key), storable(text));
    length += text.length;
    if (length < PORTION_BYTES) continue;
    yield portion;
    portion = new Map();
    length = 0;
  }
  if (portion.size > 0) yield portion;
}

async function* storedParts(query: Query, schema: string, format: number): AsyncGenerator<SnapshotPart> {
  let after: string | null = null;
  for (;;) {
    const rows: readonly SnapshotPart[] = await query<SnapshotPart>(
      `SELECT key, text FROM (
         SELECT key, text, sum(octet_length(text)) OVER (ORDER BY key ROWS UNBOUNDED PRECEDING) - octet_length(text) AS before
         FROM (
           SELECT key, text FROM ${schema}.snapshot_parts
           WHERE format = $1 AND ($2::text IS NULL OR key > $2) ORDER BY key LIMIT $3
         ) AS page
       ) AS sized WHERE before < $4 ORDER BY key`,
      [format, after, PAGE, PORTION_BYTES],
    );
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.key;
  }
}
