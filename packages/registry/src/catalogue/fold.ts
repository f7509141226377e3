import type { Entry } from "../journal/entry.ts";
import type { Change } from "../model/change.ts";
import { Recent } from "../model/recent.ts";
import { interned } from "./interned.ts";
import { ImageSet } from "./image-set.ts";
import type { ScanReport } from "../model/scan-report.ts";
import { applySelection, isSelectionChange, withRequest } from "./selection-fold.ts";
import {
  type CatalogueImage,
  type CatalogueState,
  type CatalogueType,
  emptyType,
  MAX_TAG_TIMES,
  type PostedReport,
  stateOf,
} from "./state.ts";

/** Puts what older versions found before every look, and keeps its order. */
const BEFORE_LOOKS = 2 ** 52;

/** A catalogue in which nothing has happened yet. */
export const emptyCatalogue = (): CatalogueState => ({
  types: new Map(),
  repositories: new Map(),
  reads: new Map(),
  // A journal that is replayed may go from type to type with each entry.
  recent: new Recent(Infinity, (images) => images.pack()),
});

/** Applies one entry, in place. What happened is not judged here; it is written down. */
export function applyEntry(state: CatalogueState, entry: Entry<Change>): CatalogueState {
  const { change, at, sequence, actor, reason } = entry;
  if (state.moment?.at !== at) state.moment = { at, sequence };
  if (change.kind === "checkpoint") return state;
  if (change.kind === "repository-read") {
    const { source, repository: name, complete, unread, unreadTotal } = change;
    const firstComplete = state.reads.get(name)?.firstComplete ?? (complete ? sequence : undefined);
    const repository = interned.repository(name);
    const reads = { repository, source: interned.text(source), unread, unreadTotal };
    state.reads.set(repository.name, { ...reads, ...(firstComplete !== undefined && { firstComplete }) });
    return state;
  }
  if (change.kind === "policy-changed") {
    state.policy = change.hash;
    return state;
  }
  if (change.kind === "version-policies-set") {
    const { settings } = change;
    if (settings === undefined) delete state.versionPolicies;
    else state.versionPolicies = { settings, by: actor, since: at, reason, sequence };
    const requests = withRequest(state.policiesSet?.requests, change);
    state.policiesSet = { sequence, ...(requests && { requests }) };
    return state;
  }
  const type = typeIn(state, change.type);
  delete type.answer;
  if (isSelectionChange(change)) {
    applySelection(type, { ...entry, change });
    return state;
  }
  if (change.kind === "type-claimed") {
    type.claims = change.claims.map(interned.claim);
    delete type.from;
    if (change.from !== undefined) type.from = interned.claim(change.from);
    return state;
  }
  const before = type.images.get(change.repository, change.digest);
  const after = changed(before, change, at, sequence, state.moment.sequence);
  if (after === undefined) return state;
  type.images.put(after);
  indexRepository(state, after.repository.name, type.type);
  return state;
}

function typeIn(state: CatalogueState, name: string): CatalogueType {
  let type = state.types.get(name);
  if (type === undefined) {
    type = emptyType(name, new ImageSet(state.recent));
    state.types.set(name, type);
  }
  return type;
}

/** Notes that a repository has, or had, images of a type. */
export function indexRepository({ repositories }: CatalogueState, repository: string, type: string): void {
  const types = repositories.get(repository);
  if (types === undefined) repositories.set(repository, new Set([type]));
  else types.add(type);
}

type ImageChange = Extract<Change, { readonly kind: `image-${string}` | "report-received" | "capabilities-found" }>;

function changed(
  before: CatalogueImage | undefined,
  change: ImageChange,
  at: string,
  sequence: number,
  moment: number,
): CatalogueImage | undefined {
  switch (change.kind) {
    case "image-found": {
      const {
        withdrawn: _,
        validatedAt: __,
        untagged: ___,
        tagTimes: ____,
        ...kept
      } = before ?? { found: at, since: change.since ?? moment - BEFORE_LOOKS };
      return {
        ...kept,
        ...interned.image(change.image),
        source: interned.text(change.source),
        sequence,
        ...timesOfTags(before, change.image.tags, at),
        ...judged(before, change.verdicts, at),
      };
    }
    case "image-tagged": {
      if (before === undefined) return undefined;
      const { untagged: _, tagTimes: __, ...kept } = before;
      return { ...kept, tags: change.tags, sequence, ...timesOfTags(before, change.tags, at) };
    }
    case "image-untagged":
      return before && { ...before, untagged: { at, reason: change.reason }, sequence };
    case "image-described":
      return before && { ...before, details: interned.details(change.details), sequence };
    case "image-judged": {
      if (before === undefined) return undefined;
      const { validatedAt: _, ...kept } = before;
      return { ...kept, ...judged(before, change.verdicts, at), sequence };
    }
    case "report-received":
      return before && { ...before, reports: withReport(before.reports ?? [], change.report, sequence), sequence };
    case "capabilities-found": {
      if (before === undefined) return undefined;
      const { capabilities, sboms, rules, incomplete } = change;
      const found: NonNullable<CatalogueImage["capabilities"]> = {
        at,
        capabilities: capabilities.slice(0, MAX_CAPABILITIES),
        sboms,
        ...(rules !== undefined && { rules }),
        ...(incomplete !== undefined && { incomplete }),
      };
      return { ...before, capabilities: found, sequence };
    }
    case "image-withdrawn": {
      if (before === undefined) return undefined;
      const { untagged: _, ...kept } = before;
      return { ...kept, state: "withdrawn", withdrawn: { at, reason: change.reason }, sequence };
    }
  }
}

/** Found capabilities that are kept of one image. */
const MAX_CAPABILITIES = 64;

/** With the tags that it did not have before: one that it lost, or that was there when it was gone, comes again. */
function timesOfTags(
  before: CatalogueImage | undefined,
  tags: readonly string[],
  at: string,
): Pick<CatalogueImage, "tagTimes"> {
  if (before === undefined) return {};
  const isGone = before.state === "withdrawn" || before.untagged !== undefined;
  const had = new Set(isGone ? [] : before.tags);
  const has = new Set(tags);
  const kept = Object.entries(isGone ? {} : (before.tagTimes ?? {})).filter(([tag]) => has.has(tag));
  const came = tags.filter((tag) => !had.has(tag)).map((tag) => [tag, at] as const);
  if (kept.length + came.length === 0) return {};
  // An object has the names that are numbers first, in whatever order they came.
  kept.sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0));
  return { tagTimes: Object.fromEntries([...kept, ...came].slice(-MAX_TAG_TIMES)) };
}

/** Reports about one image that are kept: of an index with many images by several scanners. */
const MAX_REPORTS = 128;

/** The newest of each scanner about each manifest: an older one that comes later changes nothing. */
function withReport(
  reports: readonly PostedReport[],
  { digest, scanner, finishedAt }: ScanReport,
  sequence: number,
): readonly PostedReport[] {
  const same = reports.find((one) => one.digest === digest && one.scanner === scanner.name);
  if (same !== undefined && same.finishedAt > finishedAt) return reports;
  const others = reports.filter((one) => one !== same);
  return [...others, { sequence, digest, scanner: scanner.name, finishedAt }].slice(-MAX_REPORTS);
}

function judged(
  before: CatalogueImage | undefined,
  verdicts: CatalogueImage["verdicts"],
  at: string,
): Pick<CatalogueImage, "state" | "verdicts" | "added" | "validatedAt"> {
  const state = stateOf(verdicts);
  const added = before?.added ?? (state === "admitted" ? at : undefined);
  return {
    state,
    verdicts: interned.verdicts(verdicts),
    ...(added === undefined ? {} : { added }),
    ...(verdicts.every((verdict) => verdict.state === "passed") ? { validatedAt: at } : {}),
  };
}
