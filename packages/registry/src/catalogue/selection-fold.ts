import type { Entry } from "../journal/entry.ts";
import type { Change } from "../model/change.ts";
import type { Denial } from "../model/denial.ts";
import {
  type CatalogueType,
  MAX_DENIALS,
  MAX_MOVED_TAGS,
  MAX_REQUESTS,
  MAX_REVISIONS,
  type MovedTag,
  type Pin,
  type Revision,
} from "./state.ts";

const KINDS = [
  "tag-moved",
  "version-served",
  "version-pinned",
  "version-unpinned",
  "version-denied",
  "version-allowed",
] as const satisfies readonly Change["kind"][];

/** A change of what decides which version of a type is current. */
export type SelectionChange = Extract<Change, { readonly kind: (typeof KINDS)[number] }>;

const kinds: ReadonlySet<string> = new Set(KINDS);
export const isSelectionChange = (change: Change): change is SelectionChange => kinds.has(change.kind);

/** Applies such a change to its type, in place. */
export function applySelection(type: CatalogueType, { change, ...entry }: Entry<SelectionChange>): void {
  const { sequence, at: since, actor: by, reason } = entry;
  if (change.kind === "tag-moved") {
    type.movedTags = withMoved(type.movedTags, change);
    return;
  }
  type.selected = sequence;
  const requests = withRequest(type.requests, change);
  if (requests !== undefined) type.requests = requests;
  switch (change.kind) {
    case "version-served": {
      delete type.unpinnedBy;
      delete type.allowed;
      const { kind: _, type: __, ...served } = change;
      const last = type.revisions.at(-1);
      const again = last?.revision === served.revision;
      // Since when, by whom and why are those of its beginning.
      const { version, rules, decidedBy: nowDecidedBy } = served;
      const revision: Revision = again ? { ...last, version, rules, nowDecidedBy } : { since, by, reason, ...served };
      type.revisions = [...(again ? type.revisions.slice(0, -1) : type.revisions), revision].slice(-MAX_REVISIONS);
      return;
    }
    case "version-pinned": {
      const { kind: _, type: __, request: ___, ...record } = change;
      const pin: Pin = { ...record, since, by, reason };
      type.pin = pin;
      delete type.unpinnedBy;
      return;
    }
    case "version-unpinned":
      delete type.pin;
      type.unpinnedBy = by;
      return;
    case "version-denied": {
      const { kind: _, type: __, request: ___, ...denied } = change;
      const denial: Denial = { ...denied, id: sequence, reason, by, since };
      type.denials = [...type.denials, denial].slice(-MAX_DENIALS);
      return;
    }
    case "version-allowed": {
      const allowed = type.denials.find(({ id }) => id === change.denial);
      if (allowed !== undefined) type.allowed = { ...allowed, by };
      type.denials = type.denials.filter(({ id }) => id !== change.denial);
      return;
    }
  }
}

/** With the request of a change; those of one request, as of a rollback that denies, have it once. */
export function withRequest(
  requests: readonly string[] | undefined,
  change: { readonly request?: string } | object,
): readonly string[] | undefined {
  const request = "request" in change ? change.request : undefined;
  if (request === undefined || requests?.includes(request)) return requests;
  return [...(requests ?? []), request].slice(-MAX_REQUESTS);
}

/** Only the first image of a tag is kept: that is the one that a tag which does not follow stays with. */
function withMoved(
  moved: readonly MovedTag[],
  { repository, tag, from }: Extract<SelectionChange, { kind: "tag-moved" }>,
): readonly MovedTag[] {
  if (moved.some((one) => one.repository === repository && one.tag === tag)) return moved;
  return [...moved, { repository, tag, from }].slice(-MAX_MOVED_TAGS);
}
