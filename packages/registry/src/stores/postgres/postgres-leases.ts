import type { Store } from "../../journal/store.ts";
import type { Connections } from "./postgres-connections.ts";
import { restored, storable } from "./postgres-text.ts";

type Leases = Pick<NonNullable<Store["sharing"]>, "lease" | "release">;

/**
 * Leases by the server's clock: those who want one need not agree on the time.
 * @param schema quoted
 */
export function postgresLeases({ steady }: Pick<Connections, "steady">, schema: string): Leases {
  const taken = "lease.holder = EXCLUDED.holder OR lease.ends <= clock_timestamp()";
  const kept = (column: string) => `${column} = CASE WHEN ${taken} THEN EXCLUDED.${column} ELSE lease.${column} END`;
  return {
    lease: (name, holder, ms, note) =>
      steady(async (query) => {
        // A row is written also where another has it: what is given back is then the row as it is, not as the statement first saw it.
        const [row] = await query<{ holder: string; note: string }>(
          `INSERT INTO ${schema}.leases AS lease (name, holder, note, ends)
           VALUES ($1, $2, $3, clock_timestamp() + $4::float8 * interval '1 millisecond')
           ON CONFLICT (name) DO UPDATE SET ${["holder", "note", "ends"].map(kept).join(", ")}
           RETURNING holder, note`,
          [storable(name), storable(holder), storable(note), ms],
        );
        return { holder: restored(row?.holder ?? ""), note: restored(row?.note ?? "") };
      }),
    release: (name, holder) =>
      steady(async (query) => {
        await query(`UPDATE ${schema}.leases SET ends = '-infinity' WHERE name = $1 AND holder = $2`, [
          storable(name),
          storable(holder),
        ]);
      }),
  };
}
