import type { ReflectionHandler } from "@executor-registry/resolver/internal";

/** Writes down what a reflector tells, a line a call: `begin`, `listed NAME`, `upsert NAME`, `remove NAME`, `synced`, `contact ok`. */
export interface Recorder {
  readonly handler: ReflectionHandler;
  readonly told: readonly string[];
  /** Resolves once `what` has been told at least `times` times. @default 1 */
  until(what: string, times?: number): Promise<void>;
  /** What was told since the last call. */
  fresh(): string[];
}

/** @param part takes the place of some of the handler's methods; those record nothing */
export function recorder(part: Partial<ReflectionHandler> = {}): Recorder {
  const told: string[] = [];
  const waiting = new Set<() => void>();
  let read = 0;
  const tell = (what: string): void => {
    told.push(what);
    for (const check of waiting) check();
  };
  const name = (object: unknown): string => (object as { metadata: { name: string } }).metadata.name;
  return {
    handler: {
      begin: () => tell("begin"),
      upsert: (object, listed) => tell(`${listed ? "listed" : "upsert"} ${name(object)}`),
      remove: (object) => tell(`remove ${name(object)}`),
      synced: () => tell("synced"),
      contact: (problem) => tell(`contact ${problem?.code ?? "ok"}`),
      ...part,
    },
    told,
    until: (what, times = 1) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (told.filter((one) => one === what).length < times) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    fresh: () => told.slice(read, (read = told.length)),
  };
}
