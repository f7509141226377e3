import type { Clock } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Reasoned } from "../catalogue/reconcile.ts";
import type { CatalogueType } from "../catalogue/state.ts";

/** Milliseconds between two looks at what ends, at most. */
const MAX_SLEEP_MS = 60_000;

/** Writes down that the time of a pin or a denial is over, whenever it is, until the signal aborts. @throws StoreError */
export async function endWhatIsOver(catalogue: Catalogue, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    const now = clock.now();
    let next = now + MAX_SLEEP_MS;
    const over = new Set<string>();
    for (const type of catalogue.types()) {
      for (const end of ends(type)) {
        if (end <= now) over.add(type.type);
        else next = Math.min(next, end);
      }
    }
    if (over.size > 0) {
      await catalogue.record("system", ({ types }) =>
        [...over].flatMap((name) => endings(types.get(name), clock.now())),
      );
    }
    const woken = new AbortController();
    const stop = catalogue.onPinOrDenial(() => woken.abort());
    try {
      await clock.sleep(Math.max(0, next - clock.now()), AbortSignal.any([signal, woken.signal]));
    } catch (error) {
      if (!woken.signal.aborted || signal.aborted) throw error;
    } finally {
      stop();
    }
  }
}

const ends = ({ pin, denials }: CatalogueType): readonly number[] =>
  [pin, ...denials].flatMap((one) => (one?.until === undefined ? [] : [Date.parse(one.until)]));

function endings(type: CatalogueType | undefined, now: number): readonly Reasoned[] {
  if (type === undefined) return [];
  const { type: name, pin, denials } = type;
  const isOver = ({ until }: { readonly until?: string }): boolean => until !== undefined && Date.parse(until) <= now;
  return [
    ...(pin && isOver(pin)
      ? [{ reason: `its time was over at ${pin.until}`, change: { kind: "version-unpinned" as const, type: name } }]
      : []),
    ...denials.filter(isOver).map(({ id, until }) => {
      return {
        reason: `its time was over at ${until}`,
        change: { kind: "version-allowed" as const, type: name, denial: id },
      };
    }),
  ];
}
