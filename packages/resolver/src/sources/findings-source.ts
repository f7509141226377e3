import type { Findings } from "./findings.ts";
import type { SourceName } from "../contract/resolution.ts";
import type { Source } from "./source.ts";
import type { SourceState } from "../contract/source-state.ts";

/** A source that knows what its findings hold. @param end ends what it started */
export function findingsSource(
  name: SourceName,
  state: SourceState,
  findings: Findings,
  end: () => Promise<unknown>,
): Source {
  return {
    name,
    settled: state.settled,
    status: () => state.status(),
    find: findings.find,
    types: findings.types,
    notes: findings.notes,
    onChange: (listener) => state.onChange(listener),
    async close() {
      await end();
      state.close();
    },
  };
}
