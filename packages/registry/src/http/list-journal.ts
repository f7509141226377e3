import type { z } from "zod";
import type { Api } from "./api.ts";
import { acceptedExport, exportJournal } from "./export-journal.ts";
import { noteOf, parseCheckpoint } from "@executor-registry/resolver/internal";
import { type Answer, type Call, json } from "./operation.ts";
import type { CheckpointsQuery, JournalQuery } from "./queries.ts";

/** Entries of a page of JSON, where the caller does not say. */
const PAGE = 100;
const MAX_PAGE = 1000;

/** The audit log: a page of it, newest first unless those after an entry are asked for, or all that matches as lines. */
export async function listJournal(
  { query, headers }: Call<unknown, z.output<typeof JournalQuery>>,
  { choices: { catalogue } }: Api,
): Promise<Answer<"json" | "lines">> {
  const { limit, format = acceptedExport(headers.accept) ?? "json", ...wanted } = query;
  const filter = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
  if (format !== "json") return exportJournal(catalogue, format, filter, limit);
  const size = Math.min(limit ?? PAGE, MAX_PAGE);
  const { entries, more } = await catalogue.list({ ...filter, limit: size });
  const last = entries.at(-1);
  if (last === undefined || !more) return json({ entries });
  const next = new URLSearchParams();
  const turned = query.after === undefined ? { before: last.sequence } : { after: last.sequence };
  for (const [name, value] of Object.entries({ ...filter, limit: size, ...turned })) next.set(name, String(value));
  return json({ entries }, 200, { link: `</journal?${next.toString()}>; rel="next"` });
}

/** Where the journal ended at times, as it was signed, newest first. */
export async function listCheckpoints(
  { query }: Call<unknown, z.output<typeof CheckpointsQuery>>,
  { choices: { catalogue }, inForce }: Api,
): Promise<Answer<"json">> {
  const { limit, before } = query;
  const filter = { kind: "checkpoint", limit, ...(before !== undefined && { before }) };
  const { entries, more } = await catalogue.list(filter);
  const checkpoints = entries.flatMap((entry) => {
    const note = noteOf(entry);
    const checkpoint = parseCheckpoint(note);
    return checkpoint === undefined ? [] : [{ entry: entry.sequence, ...checkpoint, note }];
  });
  const { checkpointKey: publicKey } = inForce();
  const last = entries.at(-1);
  const next =
    last && more ? { link: `</journal/checkpoints?limit=${limit}&before=${last.sequence}>; rel="next"` } : {};
  return json({ checkpoints, ...(publicKey !== undefined && { publicKey }) }, 200, next);
}
