import { type Clock, ConfigurationError, type Logger } from "@executor-registry/resolver";
import {
  CHECKPOINT_KIND,
  checkpointDifference,
  checkpointText,
  noteSigner,
  type NoteSigner,
  publicNoteKey,
} from "@executor-registry/resolver/internal";
import { z } from "zod";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { durationBetween } from "../settings/duration.ts";
import { Secret } from "../settings/secret.ts";

/** Signed statements of where the journal ended. */
export const CheckpointSettings = z.strictObject({
  key: Secret.meta({ description: "The private key that signs, Ed25519 or ECDSA P-256, in PEM" }),
  every: durationBetween("1s", "366d")
    .prefault("1h")
    .meta({ description: "How long entries may be unsigned; nothing is signed while nothing is written" }),
});
export type CheckpointSettings = z.output<typeof CheckpointSettings>;

/** Signs the journal's end from time to time. */
export interface Checkpoints {
  /** PEM, for those who verify. */
  readonly publicKey: string;
  /** Goes on until the signal aborts; warns first of a journal that nothing shows to be the one that was signed before. @throws StoreError, BrokenJournalError */
  run(signal: AbortSignal): Promise<void>;
}

/** What signing works with. */
interface CheckpointsContext {
  /** Whose journal it is. */
  readonly origin: string;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * A checkpoint is an entry of the journal itself, about all entries before it: an export carries its proofs with it.
 * @throws ConfigurationError for what is no key
 */
export function createCheckpoints(
  { key, every }: CheckpointSettings,
  { origin, catalogue, clock, log }: CheckpointsContext,
): Checkpoints {
  const signer = signerOf(origin, key);
  const keys = [publicNoteKey(signer.publicKey)];
  const restored = catalogue.head.sequence;
  const listLast = async () => (await catalogue.list({ kind: CHECKPOINT_KIND, limit: 1 })).entries[0];
  const warnOfUnproven = async (): Promise<void> => {
    const last = await listLast();
    const why = last === undefined ? restored > 0 && "it holds no checkpoint" : checkpointDifference(last, keys);
    if (!why) return;
    const sequence = last?.sequence ?? restored;
    const message = `the journal up to entry ${sequence} is signed as it was found: ${why}. Unless checkpoints or their key are new, compare it with a kept copy`;
    log.warn({ code: "unproven-journal", sequence }, message);
  };
  const write = (before: number) =>
    catalogue.record("system", () => {
      const { head } = catalogue;
      // A checkpoint of nothing but the checkpoint before it would only make the journal longer.
      if (head.sequence === before) return [];
      const at = new Date(clock.now()).toISOString();
      const note = signer.sign(checkpointText({ origin, ...head, at }));
      const reason = `entries up to ${head.sequence} were signed by ${signer.name}+${signer.keyId}`;
      return [{ reason, change: { kind: CHECKPOINT_KIND, note } }];
    });
  return {
    publicKey: signer.publicKey,
    async run(signal) {
      await warnOfUnproven();
      for (;;) {
        const last = await listLast();
        const age = last === undefined ? every : clock.now() - Date.parse(last.at);
        if (age >= every) await write(last?.sequence ?? 0);
        // A replica may have written one meanwhile, and a clock may be set back.
        await clock.sleep(age >= every ? every : Math.min(every, every - age), signal);
      }
    },
  };
}

function signerOf(origin: string, key: string): NoteSigner {
  try {
    return noteSigner(origin, key);
  } catch (error) {
    throw new ConfigurationError(`audit.checkpoints.key: ${error instanceof Error ? error.message : String(error)}`);
  }
}
