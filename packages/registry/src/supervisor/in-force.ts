import type { Config } from "../config/schema.ts";
import { serial } from "../journal/journal.ts";
import { makeParts, type Parts, type PartsContext } from "./parts.ts";

/** The configuration that is in force. What outlives a configuration asks here, each time again. */
export interface InForce {
  readonly config: Config;
  readonly parts: Parts;
  /**
   * Puts another one in force, one at a time:
   *
   * 1. its parts are made: may fail;
   * 2. they are applied to the catalogue, while the old ones run on: may fail. What was written until then is put right;
   * 3. they are in force: from here on nothing fails;
   * 4. `taken` is called;
   * 5. the old parts end, each task within its time;
   * 6. the new tasks begin.
   *
   * @throws ConfigurationError, StoreError; the one before is in force then, and runs on
   */
  swap(next: Config, taken: (parts: Parts) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds that a swap waits for the new configuration to be applied; what is left is done while it is in force. */
const ADOPT_MS = 60_000;

/** Makes the parts of a configuration; nothing runs yet. @param ending ends a swap. @throws ConfigurationError */
export async function putInForce(first: Config, context: PartsContext, ending: AbortSignal): Promise<InForce> {
  const { catalogue, clock } = context;
  const inTurn = serial();
  let config = first;
  let parts = await makeParts(config, context);

  /** Applies parts that are not in force yet, or stops waiting. */
  const adopt = async (made: Parts): Promise<void> => {
    ending.throwIfAborted();
    const done = new AbortController();
    const enough = clock.sleep(ADOPT_MS, AbortSignal.any([done.signal, ending])).catch(() => {});
    await Promise.race([made.adopt(), enough]);
    done.abort();
    ending.throwIfAborted();
  };

  const swap = async (next: Config, taken: (parts: Parts) => Promise<void>): Promise<void> => {
    ending.throwIfAborted();
    const made = await makeParts(next, context);
    const { sequence } = catalogue.head;
    try {
      await adopt(made);
    } catch (error) {
      await made.close();
      if (catalogue.head.sequence !== sequence && !ending.aborted) parts.again();
      throw error;
    }
    const before = parts;
    parts = made;
    config = next;
    await taken(made);
    await before.close();
    if (!ending.aborted) made.start();
  };

  return {
    get config() {
      return config;
    },
    get parts() {
      return parts;
    },
    swap: (next, taken) => inTurn(() => swap(next, taken)),
    close: () => parts.close(),
  };
}
