import type { KeyObject } from "node:crypto";
import type { ChainedEntry, ChainHead } from "./chain.ts";
import { noteSignedBy, parseNote } from "./signed-note.ts";

/** The kind of a journal's change that holds a checkpoint of what lies before it. */
export const CHECKPOINT_KIND = "checkpoint" as const;

/** Where a journal ended at a time, as its owner signs it. */
interface Checkpoint extends ChainHead {
  /** Whose journal it is. */
  readonly origin: string;
  /** ISO 8601 in UTC. */
  readonly at: string;
}

/**
 * The text that is signed: origin, sequence, hash in base64 and time, a line each. The first three lines are those of a transparency log's
 * checkpoint; the hash is the last entry's, not the root of a Merkle tree.
 */
export const checkpointText = ({ origin, sequence, hash, at }: Checkpoint): string =>
  `${origin}\n${sequence}\n${Buffer.from(hash, "hex").toString("base64")}\ntime ${at}\n`;

/** The checkpoint in a signed note, by any key; `undefined` for anything else. */
export function parseCheckpoint(note: string): Checkpoint | undefined {
  const text = parseNote(note)?.text;
  const [, origin = "", sequence = "", base64 = "", at = ""] =
    /^([^\n]+)\n(0|[1-9]\d{0,14})\n([A-Za-z0-9+/]{43}=)\ntime (\S+)\n$/.exec(text ?? "") ?? [];
  if (origin === "") return undefined;
  return { origin, sequence: Number(sequence), hash: Buffer.from(base64, "base64").toString("hex"), at };
}

/** The note in an entry of kind {@link CHECKPOINT_KIND}. */
export const noteOf = ({ change }: { readonly change: object }): string =>
  "note" in change && typeof change.note === "string" ? change.note : "";

/**
 * In words, why an entry holds no checkpoint of the entries before it; `undefined` when it does.
 * @param keys of which one must have signed it; with none, signatures are not looked at
 */
export function checkpointDifference(entry: ChainedEntry, keys: readonly KeyObject[]): string | undefined {
  const note = noteOf(entry);
  const [parsed, checkpoint] = [parseNote(note), parseCheckpoint(note)];
  if (parsed === undefined || checkpoint === undefined) return "it should hold a checkpoint, and does not";
  if (checkpoint.sequence !== entry.sequence - 1 || checkpoint.hash !== entry.previous) {
    return `its checkpoint is of entry ${checkpoint.sequence} with hash ${checkpoint.hash}, not of the one before it`;
  }
  if (keys.length === 0) return undefined;
  const signed = noteSignedBy(parsed, keys);
  if (signed === "signed") return undefined;
  if (signed === "forged") return "the signature of its checkpoint is not by the key that it names";
  const signers = parsed.signatures.map(({ name, keyId }) => `${name}+${keyId}`).join(", ");
  return `its checkpoint is signed by another key than those given (${signers}); give the public keys of earlier times too`;
}
