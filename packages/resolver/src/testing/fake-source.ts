import type { Clock } from "../tools/clock.ts";
import { findingsSource } from "../sources/findings-source.ts";
import { createFindings, type Note } from "../sources/findings.ts";
import type { Candidate, Finding, SourceName } from "../contract/resolution.ts";
import { SourceState } from "../contract/source-state.ts";
import type { Source } from "../sources/source.ts";

/** A source in memory whose knowledge a test sets. */
export interface FakeSource extends Source {
  readonly state: SourceState;
  know(findings: Readonly<Record<string, Finding>>, notes?: readonly Note[]): void;
  readonly closed: boolean;
}

const noon: Clock = { now: () => Date.UTC(2026, 10, 23, 12), sleep: () => new Promise(() => {}) };

/** Starts without a state, knowing nothing; it is noon. */
export function fakeSource(name: SourceName, clock: Clock = noon): FakeSource {
  const state = new SourceState(clock);
  const ending = new AbortController();
  const findings = createFindings({ clock, signal: ending.signal, changed: (type) => state.changed(type) });
  let closed = false;
  return {
    ...findingsSource(name, state, findings, async () => {
      ending.abort();
      closed = true;
    }),
    state,
    know: (known, notes = []) => findings.replace(new Map(Object.entries(known)), notes),
    get closed() {
      return closed;
    },
  };
}

/** A ready source that knows some images by type. */
export function readySource(name: SourceName, images: Readonly<Record<string, string>> = {}): FakeSource {
  const source = fakeSource(name);
  source.know(Object.fromEntries(Object.entries(images).map(([type, image]) => [type, fakeFinding(image)])));
  source.state.ready();
  return source;
}

/** What a source may have found. */
export function fakeFinding(
  image: string,
  fields: Partial<Finding> & Pick<Partial<Candidate>, "evidence"> = {},
): Finding {
  const { evidence = [], ...rest } = fields;
  return {
    image,
    version: "1",
    pullPolicy: "IfNotPresent",
    decidedBy: "declared",
    reason: "declared by CronJob/executor-ml",
    candidates: [{ image, version: "1", names: [image], evidence }],
    ambiguous: false,
    warnings: [],
    ...rest,
  };
}
