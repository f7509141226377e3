import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../tools/clock.ts";
import type { Finding } from "../contract/resolution.ts";

/** Something a source left out, in one sentence, and the type it would have concerned. */
export interface Note {
  readonly type?: string;
  readonly text: string;
  /** It concerns every type for which a less exact source answers instead. */
  readonly every?: boolean;
}

/** What a small source knows, replaced as a whole and compared piece by piece. */
export interface Findings {
  find(type: string): Finding | undefined;
  types(): Iterable<string>;
  /** All notes, or those that concern one type. */
  notes(type?: string): readonly string[];
  /** Calls `changed` with each type that differs. What is equal stays the same object. */
  replace(next: ReadonlyMap<string, Finding>, notes: readonly Note[]): void;
}

export interface FindingsOptions {
  readonly clock: Clock;
  /** Ends its timers. */
  readonly signal: AbortSignal;
  /** Called with a type, or without one when all may have changed. */
  readonly changed: (type?: string) => void;
}

/** How long a removed declaration is mentioned. Tools that replace an object, or deploy again, have created it again by then. */
const REMOVAL_MS = 600_000;

export function createFindings({ clock, signal, changed }: FindingsOptions): Findings {
  let known: ReadonlyMap<string, Finding> = new Map();
  let findings = new Map<string, Finding>();
  let given: readonly Note[] = [];
  let notes: readonly Note[] = [];
  const removals = new Map<string, string>();

  /** What declared a type is gone, and nothing says why: a tool may be about to create it again. */
  function remember(next: ReadonlyMap<string, Finding>, explained: readonly Note[]): void {
    for (const [type, before] of known) {
      const now = next.get(type)?.reason;
      // Of several objects the first by name declares a type; so a later one answers only where the earlier one is gone.
      const replaced = now !== undefined && now > before.reason;
      if (now !== undefined && now < before.reason) removals.delete(type);
      if ((now === undefined || replaced) && !explained.some((note) => note.type === type)) remove(type, before.reason);
    }
    for (const type of next.keys()) if (!known.has(type)) removals.delete(type);
  }

  function remove(type: string, reason: string): void {
    const what = reason.replace(/^declared by /, "");
    const text = `${what}, which declared ${type}, was removed at ${new Date(clock.now()).toISOString()}; until it is created again, another build may answer`;
    removals.set(type, text);
    void forget(type, text);
  }

  async function forget(type: string, text: string): Promise<void> {
    await clock.sleep(REMOVAL_MS, signal).catch(() => {});
    if (signal.aborted || removals.get(type) !== text) return;
    removals.delete(type);
    publish();
  }

  function publish(): void {
    const before = findings;
    findings = new Map(
      [...known].map(([type, finding]) => {
        const removal = removals.get(type);
        const warned = removal === undefined ? finding : { ...finding, warnings: [...finding.warnings, removal] };
        return [type, kept(before.get(type), warned)];
      }),
    );
    const gone = [...removals].flatMap(([type, text]) => (known.has(type) ? [] : [{ type, text }]));
    const next = [...given, ...gone];
    const noted = differences(notes, next);
    notes = next;
    // A note becomes a warning of the type that another source answers for instead.
    if (noted.some(({ type }) => type === undefined)) return changed();
    const types = new Set(
      [...before.keys(), ...findings.keys()].filter((type) => before.get(type) !== findings.get(type)),
    );
    for (const { type } of noted) if (type !== undefined) types.add(type);
    for (const type of types) changed(type);
  }

  return {
    find: (type) => findings.get(type),
    types: () => findings.keys(),
    notes: (type) =>
      notes.filter((note) => type === undefined || note.type === type || note.every).map(({ text }) => text),
    replace(next, nextNotes) {
      remember(next, nextNotes);
      known = next;
      given = nextNotes;
      publish();
    },
  };
}

function kept(before: Finding | undefined, now: Finding): Finding {
  return before && isDeepStrictEqual(before, now) ? before : now;
}

/** The notes that only one of two lists has. */
function differences(before: readonly Note[], now: readonly Note[]): readonly Note[] {
  const only = (a: readonly Note[], b: readonly Note[]): Note[] =>
    a.filter((note) => !b.some((other) => isDeepStrictEqual(note, other)));
  return [...only(before, now), ...only(now, before)];
}
