import { type Clock, type Digest, pinnedName, type Random, type Repository } from "@executor-registry/resolver";
import { backoff } from "@executor-registry/resolver/internal";
import type { Span } from "../tracing/tracer.ts";

const LEAST_RETRY_MS = 1000;
const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 900_000;

/** Who wants all checks to answer again, and why, though their verdicts hold. */
interface Asked {
  readonly actor: string;
  readonly why: string;
  /** The answers are written down, also where they are as before. */
  readonly always?: true;
  /** Called once the answers are written down. */
  readonly answered?: readonly (() => void)[];
}

/** An image whose verdicts fall due. */
export interface Due {
  readonly repository: Repository;
  readonly digest: Digest;
  /** In milliseconds since the Unix epoch. */
  readonly at: number;
  /** How often it could not be judged, in a row. */
  readonly failures: number;
  /** It has no verdicts yet. */
  readonly unjudged?: boolean;
  readonly asked?: Asked;
  /** What made it due, where that is traced. */
  readonly span?: Span;
}

export const keyOf = ({ repository, digest }: Pick<Due, "repository" | "digest">): string =>
  pinnedName(repository, digest);

const isAwaited = ({ unjudged, asked }: Due): boolean => unjudged === true || asked !== undefined;

/** Those who asked need not wait any longer. */
export function answered({ asked }: Due): void {
  for (const done of asked?.answered ?? []) done();
}

/** When what could not be judged is tried again, in milliseconds since the Unix epoch. */
export const retryAt = (
  failures: number,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): number => clock.now() + LEAST_RETRY_MS + backoff(failures, random, LONGEST_RETRY_MS, FIRST_RETRY_MS);

/** When which image has to be judged again. Each image is in it once; most are not, since their verdicts hold for ever. */
export class DueQueue {
  readonly #due = new Map<string, Due>();

  /** Puts an image in, or at the sooner of two times. */
  put(due: Due): void {
    const key = keyOf(due);
    const known = this.#due.get(key);
    const asked = both(known?.asked, due.asked);
    const at = Math.min(due.at, known?.at ?? due.at);
    const span = known?.span ?? due.span;
    this.#due.set(key, { ...due, at, ...(asked && { asked }), ...(span && { span }) });
  }

  /** Takes out what is due by now, up to a number of images: what somebody waits for comes first. */
  take(now: number, limit: number): readonly Due[] {
    const due = [...this.#due.values()].filter(({ at }) => at <= now);
    const taken = [...due.filter(isAwaited), ...due.filter((one) => !isAwaited(one))].slice(0, limit);
    for (const one of taken) this.#due.delete(keyOf(one));
    return taken;
  }

  /** Forgets what nobody asked for. */
  keepAsked(): void {
    for (const [key, { asked }] of this.#due) if (asked === undefined) this.#due.delete(key);
  }

  /** When the next falls due. */
  get next(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#due.values()) if (next === undefined || at < next) next = at;
    return next;
  }

  /** How many were due at a time. */
  dueAt(time: number): number {
    let count = 0;
    for (const { at } of this.#due.values()) if (at <= time) count += 1;
    return count;
  }
}

/** The later says who asked and why; all who wait go on waiting. */
function both(earlier: Asked | undefined, later: Asked | undefined): Asked | undefined {
  if (earlier === undefined || later === undefined) return later ?? earlier;
  const said = earlier.always && !later.always ? earlier : later;
  return { ...said, answered: [...(earlier.answered ?? []), ...(later.answered ?? [])] };
}
