/** Lets holders in as long as what they weigh together fits, first come first served. */
export interface Semaphore {
  /**
   * Resolves to the function that lets the next one in; calling it again does nothing.
   * @param weight what the holder takes of the capacity; one that weighs more than all of it is let in alone. @default 1
   */
  acquire(signal: AbortSignal, weight?: number): Promise<() => void>;
}

interface Waiting {
  readonly weight: number;
  readonly enter: () => void;
}

/** @param capacity how much is held at the same time; may be `Infinity` */
export function createSemaphore(capacity: number): Semaphore {
  let free = capacity;
  const waiting = new Set<Waiting>();
  const hold = (weight: number): (() => void) => {
    free -= weight;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      free += weight;
      admit();
    };
  };
  const admit = (): void => {
    for (const { weight, enter } of waiting) {
      if (weight > free) return;
      enter();
    }
  };
  return {
    acquire: (signal, asked = 1) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const weight = Math.min(asked, capacity);
        if (waiting.size === 0 && weight <= free) return resolve(hold(weight));
        const leave = (): void => {
          waiting.delete(one);
          admit();
          reject(signal.reason as Error);
        };
        const enter = (): void => {
          waiting.delete(one);
          signal.removeEventListener("abort", leave);
          resolve(hold(weight));
        };
        const one = { weight, enter };
        waiting.add(one);
        signal.addEventListener("abort", leave, { once: true });
      }),
  };
}
