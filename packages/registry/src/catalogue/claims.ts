import type { Claim } from "../model/change.ts";
import { type Reasoned, same } from "./reconcile.ts";
import type { CatalogueState, CatalogueType } from "./state.ts";

/** Where a repository stands in the configuration's order: the smaller is preferred; `undefined` for what it does not cover. */
export type Rank = (claim: Claim) => number | undefined;

/** The changes that make each type's claims agree with the repositories that could answer for it. */
export function reclaim(state: CatalogueState, types: Iterable<string>, rank: Rank): readonly Reasoned[] {
  return [...types].flatMap((name) => {
    const type = state.types.get(name);
    if (type === undefined) return [];
    const claims = claimsOf(type, rank);
    const from = predecessor(type, claims, rank);
    if (same([claims, from], [type.claims, type.from])) return [];
    const change = { kind: "type-claimed" as const, type: name, claims, ...(from && { from }) };
    return [{ reason: reasonOf(claims, from), change }];
  });
}

/**
 * A claim counts by what it may give: repositories without an admitted image have none. What the configuration does not put in order
 * stays as it was: who answered first goes on answering, whatever others are called.
 */
function claimsOf(type: CatalogueType, rank: Rank): readonly Claim[] {
  // Sets and maps keep the order in which the journal brought their members.
  const holders = new Map<string, Claim>();
  for (const { state, source, repository } of type.images.holders) {
    if (state === "admitted") holders.set(repository.name, { source, repository: repository.name });
  }
  const established = [...(type.from ? [type.from] : []), ...type.claims].map(({ repository }) => repository);
  const ranked = [...holders.values()].map((claim) => {
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
function predecessor({ claims: before, from }: CatalogueType, claims: readonly Claim[], rank: Rank): Claim | undefined {
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
