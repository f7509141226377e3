import type { Entry, JournalFilter } from "../../journal/entry.ts";
import { digestOf, DIGEST_LENGTH } from "./redis-text.ts";

/**
 * The index is one sorted set in which members are ordered by their bytes: a letter for what is looked for, a digest of its value and
 * the sequence. One key for all values keeps the keys of a script few and known.
 */
const LETTERS = { type: "t", kind: "k", actor: "a", repository: "r", digest: "d" } as const;
type Field = keyof typeof LETTERS;
const FIELDS = Object.keys(LETTERS) as Field[];

/** Before a time in the index. Only the first entry of each time that one append writes has it: times never go backwards. */
export const TIME = "@";
/** Characters of a member without the sequence, where it is about a field. */
export const MEMBER_LENGTH = 1 + DIGEST_LENGTH;
/** Digits of a sequence in the index. */
export const SEQUENCE_DIGITS = 12;

const member = (field: Field, value: string): string => LETTERS[field] + digestOf(value);

/** What an entry is listed by, one member after the other, each without the sequence. */
export function membersOf({ actor, change }: Entry, known: Map<string, string>): string {
  let members = "";
  for (const field of FIELDS) {
    const value = field === "actor" ? actor : change[field];
    if (value === undefined) continue;
    const key = `${LETTERS[field]}${value}`;
    let made = known.get(key);
    if (made === undefined) known.set(key, (made = member(field, value)));
    members += made;
  }
  return members;
}

/** What a filter looks for, each without the sequence. */
export const wantedMembers = (filter: JournalFilter): string[] =>
  FIELDS.flatMap((field) => {
    const value = filter[field];
    return value === undefined ? [] : [member(field, value)];
  });
