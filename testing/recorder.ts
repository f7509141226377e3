import type { ReflectionHandler } from "@executor-registry/resolver/internal";

/** Writes down the calls of a reflector, a line each: `begin`, `listed NAME`, `upsert NAME`, `remove NAME`, `synced`, `contact ok`. */
export interface Recorder {
  readonly handler: ReflectionHandler;
  readonly recorded: readonly string[];
  /** Resolves once `what` has been recorded at least `times` times. @default 1 */
  until(what: string, times?: number): Promise<void>;
  /** What was recorded since the last call. */
  fresh(): string[];
}

/** @param part takes the place of some of the handler's methods; those record nothing */
export function recorder(part: Partial<ReflectionHandler> = {}): Recorder {
  const recorded: string[] = [];
  const waiting = new Set<() => void>();
  let read = 0;
  const record = (what: string): void => {
    recorded.push(what);
    for (const check of waiting) check();
  };
  const name = (object: unknown): string => (object as { metadata: { name: string } }).metadata.name;
  return {
    handler: {
      begin: () => record("begin"),
      upsert: (object, listed) => record(`${listed ? "listed" : "upsert"} ${name(object)}`),
      remove: (object) => record(`remove ${name(object)}`),
      synced: () => record("synced"),
      contact: (problem) => record(`contact ${problem?.code ?? "ok"}`),
      ...part,
    },
    recorded,
    until: (what, times = 1) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (recorded.filter((one) => one === what).length < times) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    fresh: () => recorded.slice(read, (read = recorded.length)),
  };
}
