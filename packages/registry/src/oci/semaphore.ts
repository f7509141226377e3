/** Lets a number of holders in at a time, first come first served. */
export interface Semaphore {
  /** Resolves to the function that lets the next one in; calling it again does nothing. */
  acquire(signal: AbortSignal): Promise<() => void>;
}

/** @param places how many; may be `Infinity` */
export function createSemaphore(places: number): Semaphore {
  let free = places;
  const waiting = new Set<() => void>();
  const holder = (): (() => void) => {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const [next] = waiting;
      if (next) next();
      else free += 1;
    };
  };
  return {
    acquire: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        if (free > 0) {
          free -= 1;
          return resolve(holder());
        }
        const leave = (): void => {
          waiting.delete(enter);
          reject(signal.reason as Error);
        };
        const enter = (): void => {
          waiting.delete(enter);
          signal.removeEventListener("abort", leave);
          resolve(holder());
        };
        waiting.add(enter);
        signal.addEventListener("abort", leave, { once: true });
      }),
  };
}
