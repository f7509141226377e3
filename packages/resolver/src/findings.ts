import { isDeepStrictEqual } from "node:util";
import type { Finding } from "./resolution.ts";

/** Something a source left out, in one sentence, and the type it would have concerned. */
export interface Note {
  readonly type?: string;
  readonly text: string;
}

/** What a small source knows, replaced as a whole and compared piece by piece. */
export interface Findings {
  find(type: string): Finding | undefined;
  types(): Iterable<string>;
  /** All notes, or those that concern one type. */
  notes(type?: string): readonly string[];
  /** Tells `changed` of each type that differs. What is equal stays the same object. */
  replace(next: ReadonlyMap<string, Finding>, notes: readonly Note[]): void;
}

/** @param changed told a type, or none when all may have changed */
export function createFindings(changed: (type?: string) => void): Findings {
  let findings = new Map<string, Finding>();
  let notes: readonly Note[] = [];
  return {
    find: (type) => findings.get(type),
    types: () => findings.keys(),
    notes: (type) => notes.filter((note) => type === undefined || note.type === type).map(({ text }) => text),
    replace(next, nextNotes) {
      const before = findings;
      findings = new Map([...next].map(([type, finding]) => [type, kept(before.get(type), finding)]));
      const noted = !isDeepStrictEqual(notes, nextNotes);
      notes = nextNotes;
      // A note becomes a warning of the type that another source answers for instead.
      if (noted) return changed();
      for (const type of new Set([...before.keys(), ...findings.keys()])) {
        if (before.get(type) !== findings.get(type)) changed(type);
      }
    },
  };
}

function kept(before: Finding | undefined, now: Finding): Finding {
  return before && isDeepStrictEqual(before, now) ? before : now;
}
