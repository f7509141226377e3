import { createHash } from "node:crypto";

/** Which deliveries were taken. Senders that saw no answer send again. */
export interface Deliveries {
  /** Whether this id is new; from now on it is not. */
  take(id: string): boolean;
}

/**
 * Remembers the last ids, in memory only: taking one twice costs no more than a look at the registry.
 * @param most ids that are remembered. @default 10_000
 */
export function createDeliveries(most = 10_000): Deliveries {
  // In the order of their coming. Hashes, since senders decide how long an id is.
  const taken = new Set<string>();
  return {
    take(id) {
      const hash = createHash("sha256").update(id).digest("base64");
      if (taken.has(hash)) return false;
      taken.add(hash);
      for (const oldest of taken) {
        if (taken.size <= most) break;
        taken.delete(oldest);
      }
      return true;
    },
  };
}

/** The id of a delivery of several events; none when one of them has none, since then it could be taken for another. */
export function deliveryOf(ids: readonly string[]): { readonly delivery?: string } {
  return ids.length === 0 || ids.includes("") ? {} : { delivery: ids.join() };
}
