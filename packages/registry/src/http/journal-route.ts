import { z } from "zod";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { CHANGE_KINDS } from "../model/change.ts";
import { json, route, type Route } from "./route.ts";
import { JournalEntry, TypeName } from "./schemas.ts";

const Moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());

/** The audit log. */
export function journalRoute(catalogue: Catalogue): Route {
  return route({
    method: "GET",
    path: "/journal",
    id: "listJournal",
    summary: "Every change, by whom and why, newest first",
    description:
      "Each entry's hash covers the entry and the hash before it; both are checked before an entry is answered, and one that does not " +
      "hold is an error that names it. `Link: rel=next` leads to older entries: a page ends early where entries are large.",
    role: "reader",
    query: z.strictObject({
      type: TypeName.optional(),
      kind: z.enum(CHANGE_KINDS).optional(),
      actor: z.string().min(1).max(256).optional(),
      from: Moment.optional().meta({ description: "Inclusive" }),
      until: Moment.optional().meta({ description: "Exclusive" }),
      before: z.coerce.number().int().min(1).optional().meta({ description: "Only entries before this sequence" }),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    answers: { 200: { description: "The entries", schema: z.object({ entries: z.array(JournalEntry) }) } },
    async handle({ query }) {
      const { limit, ...wanted } = query;
      const filter = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
      const { entries, more } = await catalogue.list({ ...filter, limit });
      const last = entries.at(-1);
      if (last === undefined || !more) return json({ entries });
      const texts = Object.entries(filter).map(([name, value]) => [name, String(value)]);
      const next = new URLSearchParams({
        ...(Object.fromEntries(texts) as Record<string, string>),
        limit: String(limit),
        before: String(last.sequence),
      });
      return json({ entries }, 200, { link: `</journal?${next.toString()}>; rel="next"` });
    },
  });
}
