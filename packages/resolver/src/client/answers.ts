import { Answer } from "./answer.ts";

/** Most answers kept that no list of the service's bounds: those for subjects, and those that say nothing is known. */
const LIMIT = 10_000;

interface TypeAnswers {
  plain: Answer | undefined;
  readonly subjects: Map<string, Answer>;
  /** Whether one answer is every subject's, where the service has said so or not. */
  sharing?: boolean;
}

/** All answers, by type and subject. Beyond a limit the one that was confirmed longest ago gives way. */
export class Answers {
  readonly #types = new Map<string, TypeAnswers>();
  readonly #unbounded = new Set<Answer>();
  readonly #limit: number;

  constructor(limit = LIMIT) {
    this.#limit = limit;
  }

  /** The answer that counts for a subject; without one, the answer for all. */
  find(type: string, subject?: string): Answer | undefined {
    const answers = this.#types.get(type);
    if (answers === undefined) return undefined;
    const { plain } = answers;
    return subject === undefined || plain?.shared ? plain : answers.subjects.get(subject);
  }

  /** As {@link find}, made where it is missing. */
  open(type: string, subject?: string): Answer {
    const found = this.find(type, subject);
    if (found) return found;
    const answer = new Answer(type, subject);
    const answers = this.#types.get(type) ?? { plain: undefined, subjects: new Map() };
    if (subject === undefined) answers.plain = answer;
    else answers.subjects.set(subject, answer);
    this.#types.set(type, answers);
    this.settle(answer);
    return answer;
  }

  /** Whether one answer is every subject's; `undefined` while the service has not answered about the type. */
  sharing(type: string): boolean | undefined {
    return this.#types.get(type)?.sharing;
  }

  learn(type: string, sharing: boolean): void {
    const answers = this.#types.get(type);
    if (answers) answers.sharing = sharing;
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
    const answers = this.#types.get(type);
    if (answers?.plain) yield answers.plain;
    if (answers) yield* answers.subjects.values();
  }

  /** Every answer. */
  *all(): Iterable<Answer> {
    for (const type of this.#types.keys()) yield* this.ofType(type);
  }

  clear(): void {
    this.#types.clear();
    this.#unbounded.clear();
  }

  #remove(answer: Answer): void {
    this.#unbounded.delete(answer);
    const answers = this.#types.get(answer.type);
    if (!answers) return;
    if (answer.subject === undefined) answers.plain = undefined;
    else answers.subjects.delete(answer.subject);
    if (!answers.plain && answers.subjects.size === 0) this.#types.delete(answer.type);
  }
}
