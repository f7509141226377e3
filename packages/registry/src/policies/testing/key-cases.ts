import type { PolicyCase } from "./policy-case.ts";

const alphabetical = { kind: "alphabetical" };
const numerical = { kind: "numerical" };

export const KEY_CASES: readonly PolicyCase[] = [
  { why: "numbers are compared by value", policy: numerical, images: "9 10 100", pick: "100" },
  { why: "with leading zeros too", policy: numerical, images: "5 007 6", pick: "007" },
  {
    why: "and with more digits than a double has",
    policy: numerical,
    images: "20231124153000123 20231124153000124",
    pick: "20231124153000124",
  },
  {
    why: "what is written as other numbers is left out",
    policy: numerical,
    images: "1e9 Inf NaN 0x7f 1_000 12",
    pick: "12",
  },
  { why: "the lowest number may be picked", policy: { ...numerical, pick: "lowest" }, images: "3 1 2", pick: "1" },
  {
    why: "a longer number is the higher one, though the shorter looks newer",
    policy: { ...numerical, extract: String.raw`^main-[a-f0-9]+-(?P<key>\d+)$` },
    images: "main-b7a90d9-552613297731 main-34769fa-551067109282849 dev-aa-9",
    pick: "main-34769fa-551067109282849",
  },
  {
    why: "a number a thousand times the next is pointed out",
    policy: numerical,
    images: "41 42 551067109282849",
    pick: "551067109282849",
    warning: /far from the next number, 42/,
  },
  { why: "no image at all: nothing is picked", policy: numerical, images: [], reason: /^no image is admitted$/ },
  {
    why: "dates without leading zeros are compared as text, with a warning",
    policy: alphabetical,
    images: "2026-01-30 2026-09-01 2026-1-30",
    pick: "2026-1-30",
    warning: /2026-1-30 is a date without leading zeros/,
  },
  {
    why: "numbers too",
    policy: alphabetical,
    images: "225 26",
    pick: "26",
    warning: /26 and 225 are numbers .* use the kind numerical/,
  },
  {
    why: "small letters come after capitals, and latest is left out",
    policy: alphabetical,
    images: "a B c latest",
    pick: "c",
  },
  {
    why: "the first of an alphabet is a capital, whatever the locale",
    policy: { ...alphabetical, pick: "lowest" },
    images: "a B c",
    pick: "B",
  },
  {
    why: "a filter is for every image, also those that were there before it",
    policy: { ...alphabetical, include: ["^main-"] },
    images: "main-20260101 test-20260301",
    pick: "main-20260101",
  },
  {
    why: "four numbers are compared by a pattern's groups",
    policy: {
      kind: "regex",
      pattern: String.raw`^version-(?P<a>\d+)\.(?P<b>\d+)\.(?P<c>\d+)\.(?P<e>\d+)$`,
      order: ["a", "b", "c", "e"].map((group) => ({ group, as: "number" })),
    },
    images: "version-4.0.9.2244 version-4.0.15.2941",
    pick: "version-4.0.15.2941",
  },
  {
    why: "so are dates without leading zeros",
    policy: {
      kind: "regex",
      pattern: String.raw`^v(?P<y>\d+)-(?P<m>\d+)-(?P<d>\d+)(-(?P<n>\d+))?$`,
      order: ["y", "m", "d"].map((group) => ({ group, as: "number" })),
    },
    images: "v2026-9-01 v2026-10-03 v2026-1-30",
    pick: "v2026-10-03",
  },
  {
    why: "an order by a group that the pattern does not have is refused",
    policy: { kind: "regex", pattern: "^(?P<a>.)$", order: [{ group: "b", as: "text" }] },
    images: "",
    refused: /no group .*: its groups are a; write one as/,
  },
];
