import type { z } from "zod";
import type { Api } from "./api.ts";
import { type Answer, type Call, json } from "./operation.ts";
import type { JournalQuery } from "./queries.ts";

/** A page of the audit log, newest first. */
export async function listJournal(
  { query }: Call<unknown, z.output<typeof JournalQuery>>,
  { choices: { catalogue } }: Api,
): Promise<Answer<"json">> {
  const { limit, ...wanted } = query;
  const filter = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
  const { entries, more } = await catalogue.list({ ...filter, limit });
  const last = entries.at(-1);
  if (last === undefined || !more) return json({ entries });
  const next = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filter, limit, before: last.sequence }))
    next.set(name, String(value));
  return json({ entries }, 200, { link: `</journal?${next.toString()}>; rel="next"` });
}
