import type { Change, Claim } from "../model/change.ts";
import type { ImageSet } from "./image-set.ts";
import { type Reasoned, same } from "./reconcile.ts";
import { type CatalogueImage, type CatalogueState, type CatalogueType, stateOf } from "./state.ts";

/** Where a repository stands in the configuration's order: the smaller is preferred; `undefined` for what it does not cover. */
export type Rank = (claim: Claim) => number | undefined;

/**
 * The changes that make each type's claims agree with the repositories that could answer for it.
 * @param changes what is written together with them, and happens before them
 */
export function reclaim(
  state: CatalogueState,
  types: Iterable<string>,
  rank: Rank,
  changes: readonly Change[] = [],
): readonly Reasoned[] {
  return [...types].flatMap((name) => {
    const { images, ...type }: Claimed = state.types.get(name) ?? { claims: [] };
    const claims = claimsOf(type, admittedAfter(images, outcomesOf(changes, name)), rank);
    const from = predecessor(type, claims, rank);
    if (same([claims, from], [type.claims, type.from])) return [];
    const change = { kind: "type-claimed" as const, type: name, claims, ...(from && { from }) };
    return [{ reason: reasonOf(claims, from), change }];
  });
}

type Claimed = Pick<CatalogueType, "claims" | "from"> & { readonly images?: ImageSet };

/** What changes make of an image. */
interface Outcome {
  readonly state: CatalogueImage["state"];
  /** Absent where it stays the same. */
  readonly source?: string;
}
/** By repository and digest. */
type Outcomes = ReadonlyMap<string, ReadonlyMap<string, Outcome>>;

function outcomesOf(changes: readonly Change[], type: string): Outcomes {
  const outcomes = new Map<string, Map<string, Outcome>>();
  for (const change of changes) {
    const { kind } = change;
    if (kind !== "image-found" && kind !== "image-judged" && kind !== "image-withdrawn") continue;
    if (change.type !== type) continue;
    const { repository, digest } = change;
    const images = outcomes.get(repository) ?? new Map<string, Outcome>();
    outcomes.set(repository, images);
    const state = kind === "image-withdrawn" ? "withdrawn" : stateOf(change.verdicts);
    images.set(digest, { ...images.get(digest), state, ...(kind === "image-found" && { source: change.source }) });
  }
  return outcomes;
}

/** The repositories that hold admitted images, in the order in which the journal brought their first image of any state. */
function admittedAfter(images: ImageSet | undefined, outcomes: Outcomes): readonly Claim[] {
  const sources = new Map<string, string | undefined>();
  const see = (repository: string, source: string | undefined, state: CatalogueImage["state"]): void => {
    if (state === "admitted" && source !== undefined) sources.set(repository, source);
    else if (!sources.has(repository)) sources.set(repository, undefined);
  };
  // Mostly it is known without a look at each of them.
  if (outcomes.size === 0) for (const one of images?.holders ?? []) see(one.repository.name, one.source, one.state);
  else {
    for (const { repository, digest, source, state } of images ?? []) {
      const outcome = outcomes.get(repository.name)?.get(digest);
      see(repository.name, outcome?.source ?? source, outcome?.state ?? state);
    }
  }
  for (const [repository, changed] of outcomes) {
    for (const { source, state } of changed.values()) see(repository, source, state);
  }
  return [...sources].flatMap(([repository, source]) => (source === undefined ? [] : [{ source, repository }]));
}

/**
 * A claim counts by what it may give: repositories without an admitted image have none. What the configuration does not put in order
 * stays as it was: who answered first goes on answering, whatever others are called.
 */
function claimsOf(type: Claimed, admitted: readonly Claim[], rank: Rank): readonly Claim[] {
  const established = [...(type.from ? [type.from] : []), ...type.claims].map(({ repository }) => repository);
  const ranked = admitted.map((claim) => {
    const place = established.indexOf(claim.repository);
    return { claim, rank: rank(claim) ?? Infinity, since: place < 0 ? established.length : place };
  });
  ranked.sort((a, b) => compare(a.rank, b.rank) || a.since - b.since);
  const [first] = ranked;
  return ranked.map(({ claim, rank }) =>
    claim !== first?.claim && rank === first?.rank ? { ...claim, equal: true } : claim,
  );
}

const compare = (a: number, b: number): number => (a === b ? 0 : a - b);

/** Who answered for a type before, could again, and holds nothing that may be used any more: others took over by themselves. */
function predecessor({ claims: before, from }: Claimed, claims: readonly Claim[], rank: Rank): Claim | undefined {
  const [first] = claims;
  return [before[0], from].find((claim) => {
    if (claim === undefined || claims.some(({ repository }) => repository === claim.repository)) return false;
    const place = rank(claim);
    return place !== undefined && (first === undefined || place <= (rank(first) ?? Infinity));
  });
}

function reasonOf(claims: readonly Claim[], from: Claim | undefined): string {
  const [first, ...others] = claims;
  if (first === undefined) return "no repository holds an admitted image of it any more";
  const instead = from ? `, in place of ${from.repository}, which holds no admitted image any more` : "";
  if (others.length === 0) return `only ${first.repository} holds admitted images of it${instead}`;
  const names = others.map(({ repository }) => repository).join(", ");
  const why = others[0]?.equal ? "was there first" : "comes first in the configuration";
  return `${first.repository} ${why}${instead}; ${names} claim it too`;
}
