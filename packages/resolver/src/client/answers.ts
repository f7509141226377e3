import { Answer } from "./answer.ts";

/** Most answers kept that no list of the service's bounds: those for subjects, and those that say nothing is known. */
const LIMIT = 10_000;

interface Shelf {
  plain: Answer | undefined;
  readonly subjects: Map<string, Answer>;
  /** Whether one answer is every subject's, where the service has said so or not. */
  sharing?: boolean;
}

/** All answers, by type and subject. Beyond a limit the one that was confirmed longest ago gives way. */
export class Answers {
  readonly #shelves = new Map<string, Shelf>();
  readonly #unbounded = new Set<Answer>();
  readonly #limit: number;

  constructor(limit = LIMIT) {
    this.#limit = limit;
  }

  /** The answer that counts for a subject; without one, for nobody in particular. */
  find(type: string, subject?: string): Answer | undefined {
    const shelf = this.#shelves.get(type);
    if (shelf === undefined) return undefined;
    const { plain } = shelf;
    return subject === undefined || plain?.shared ? plain : shelf.subjects.get(subject);
  }

  /** As {@link find}, made if there is none. */
  open(type: string, subject?: string): Answer {
    const found = this.find(type, subject);
    if (found) return found;
    const answer = new Answer(type, subject);
    const shelf = this.#shelves.get(type) ?? { plain: undefined, subjects: new Map() };
    if (subject === undefined) shelf.plain = answer;
    else shelf.subjects.set(subject, answer);
    this.#shelves.set(type, shelf);
    this.settle(answer);
    return answer;
  }

  /** Whether one answer is every subject's; `undefined` while the service has not been heard about the type. */
  sharing(type: string): boolean | undefined {
    return this.#shelves.get(type)?.sharing;
  }

  learn(type: string, sharing: boolean): void {
    const shelf = this.#shelves.get(type);
    if (shelf) shelf.sharing = sharing;
  }

  /** Puts an answer in its place after what it says changed: as the last to give way, or beyond the limit. */
  settle(answer: Answer): void {
    this.#unbounded.delete(answer);
    if (answer.subject !== undefined || !answer.document) this.#unbounded.add(answer);
    if (this.#unbounded.size <= this.#limit) return;
    for (const first of this.#unbounded) {
      if (first.flight) continue;
      this.#remove(first);
      return;
    }
  }

  /** A type's answers, for all subjects. */
  *ofType(type: string): Iterable<Answer> {
    const shelf = this.#shelves.get(type);
    if (shelf?.plain) yield shelf.plain;
    if (shelf) yield* shelf.subjects.values();
  }

  /** Every answer. */
  *all(): Iterable<Answer> {
    for (const type of this.#shelves.keys()) yield* this.ofType(type);
  }

  clear(): void {
    this.#shelves.clear();
    this.#unbounded.clear();
  }

  #remove(answer: Answer): void {
    this.#unbounded.delete(answer);
    const shelf = this.#shelves.get(answer.type);
    if (!shelf) return;
    if (answer.subject === undefined) shelf.plain = undefined;
    else shelf.subjects.delete(answer.subject);
    if (!shelf.plain && shelf.subjects.size === 0) this.#shelves.delete(answer.type);
  }
}
