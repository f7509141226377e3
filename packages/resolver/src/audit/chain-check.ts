import type { KeyObject } from "node:crypto";
import { ExecutorRegistryError } from "../tools/errors.ts";
import { type ChainedEntry, chainDifference, type ChainHead, EMPTY_HEAD, sealDifference } from "./chain.ts";
import { CHECKPOINT_KIND, checkpointDifference } from "./checkpoint.ts";

/** Entries before the last one that a file may repeat: what is delivered at least once comes again after a restart. */
const REMEMBERED = 10_000;

/** What the entries that were taken show. */
export interface ChainFindings {
  /** The first entry's number; 0 where there is none. */
  readonly first: number;
  readonly head: ChainHead;
  readonly checkpoints: number;
  /** What the last checkpoint covers, and when it was made. */
  readonly covered?: { readonly sequence: number; readonly at: string };
}

/** Takes a journal's entries, oldest first, and finds the first that does not hold. */
export class ChainCheck {
  readonly #keys: readonly KeyObject[];
  readonly #recent = new Map<number, string>();
  #first = 0;
  #head: ChainHead = EMPTY_HEAD;
  #checkpoints = 0;
  #covered: ChainFindings["covered"];

  /** @param keys that checkpoints must be signed by, one of them each; with none, signatures are not looked at */
  constructor(keys: readonly KeyObject[]) {
    this.#keys = keys;
  }

  /** @returns why the entry does not hold, in words; `undefined` when it does */
  take(entry: ChainedEntry): string | undefined {
    const repeated = this.#recent.get(entry.sequence);
    if (repeated !== undefined && repeated === entry.hash) return sealDifference(entry);
    // A file may begin anywhere.
    if (this.#first === 0) {
      this.#first = entry.sequence;
      if (entry.sequence > 1) this.#head = { sequence: entry.sequence - 1, hash: entry.previous };
    }
    const difference =
      chainDifference(this.#head, entry) ??
      (entry.change.kind === CHECKPOINT_KIND ? checkpointDifference(entry, this.#keys) : undefined);
    if (difference !== undefined) return difference;
    this.#head = { sequence: entry.sequence, hash: entry.hash };
    this.#recent.set(entry.sequence, entry.hash);
    this.#recent.delete(entry.sequence - REMEMBERED);
    if (entry.change.kind === CHECKPOINT_KIND) {
      this.#checkpoints += 1;
      this.#covered = { sequence: entry.sequence - 1, at: entry.at };
    }
    return undefined;
  }

  /** How many keys there are. */
  get keys(): number {
    return this.#keys.length;
  }

  get findings(): ChainFindings {
    return {
      first: this.#first,
      head: this.#head,
      checkpoints: this.#checkpoints,
      ...(this.#covered && { covered: this.#covered }),
    };
  }
}

/** @throws ExecutorRegistryError code `broken-journal` */
export function checkEntry(entry: ChainedEntry, check: ChainCheck, where = ""): void {
  const { head, first } = check.findings;
  const difference = check.take(entry);
  if (difference === undefined) return;
  const expected = first === 0 ? entry.sequence : head.sequence + 1;
  throw brokenExport(`${where}the journal is broken at entry ${expected}: ${difference}`);
}

/** A journal that does not hold. */
export const brokenExport = (message: string): ExecutorRegistryError =>
  new ExecutorRegistryError("broken-journal", message);

/**
 * What verification found, in sentences.
 * @param what was verified
 * @throws ExecutorRegistryError code `broken-journal` where keys are given and no checkpoint is there
 */
export function findingsInWords({ findings, keys }: ChainCheck, what: string): string[] {
  const { first, head, checkpoints, covered } = findings;
  const { sequence, hash } = head;
  const entries =
    first === 0
      ? "there are no entries"
      : `entries ${first} to ${sequence} are as written; the last has hash ${hash}` +
        (first > 1 ? `; what lies before entry ${first} was not looked at` : "");
  if (keys > 0 && covered === undefined) {
    throw brokenExport(`${what}: ${entries}, but no checkpoint is among them, so nothing is signed`);
  }
  if (covered === undefined) return [`${what}: ${entries}`];
  const signed =
    keys > 0 ? "signed by the keys given" : "whose signatures were not looked at: give the public key with --key";
  const after = sequence - covered.sequence - 1;
  return [
    `${what}: ${entries}`,
    `${checkpoints} ${checkpoints === 1 ? "checkpoint" : "checkpoints"}, ${signed}; the last covers entries up to ${covered.sequence}, at ${covered.at}` +
      (after > 0 ? `; ${after} came after it` : ""),
  ];
}
