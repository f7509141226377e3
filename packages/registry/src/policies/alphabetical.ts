import { z } from "zod";
import { compareText } from "./text-order.ts";
import { keyed, PickSettings } from "./keyed.ts";
import type { Note } from "./lints.ts";
import type { Ordering } from "./ordering.ts";

export const AlphabeticalSettings = z.object({ pick: PickSettings });

/** A date whose month or day has one digit. */
const UNPADDED_DATE = /(?:^|\D)(?:19|20)\d{2}([-._])(?:\d\1\d{1,2}|\d{2}\1\d)(?!\d)/;

/** By tags as texts, by code units: case counts, and no locale does. `latest` is the name of no version. */
export function alphabetical({ pick }: z.output<typeof AlphabeticalSettings>): Ordering<string> {
  const sign = pick === "highest" ? 1 : -1;
  return keyed({
    summary: pick === "highest" ? "alphabetical" : "alphabetical, the first",
    noun: "tag",
    where: " in alphabetical order",
    pick,
    read(text, tag) {
      if (tag === "latest") return { drop: "not-a-version" };
      const note = noteOf(text, tag);
      return { key: text, ...(note && { note }) };
    },
    compareKeys: (a, b) => sign * compareText(a, b),
    explain: (_, text) => `${text} names no version`,
  });
}

function noteOf(text: string, tag: string): Note | undefined {
  if (/^\d+$/.test(text)) return { lint: "number-as-text", tag, group: "", form: text.length };
  return UNPADDED_DATE.test(text) ? { lint: "unpadded-date", tag, group: "" } : undefined;
}
