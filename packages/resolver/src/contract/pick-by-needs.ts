import type { Resolution } from "./resolution.ts";
import { lacking, type Need } from "./needs.ts";
import { type NearType, NoMatchError } from "./resolver-errors.ts";

/**
 * The type whose image can do all that is needed: of several the one that can do least besides, then the first by name.
 * @param known every known type's resolution
 * @throws NoMatchError
 */
export function pickByNeeds(needs: readonly Need[], known: readonly Resolution[]): string {
  const types = known.map((resolution): NearType & { readonly besides: number } => ({
    type: resolution.type,
    lacks: lacking(needs, resolution),
    besides: (resolution.capabilities ?? []).length,
    ...incompleteOf(resolution),
  }));
  const fitting = types.filter(({ lacks }) => lacks.length === 0);
  const [first] = fitting.sort((a, b) => a.besides - b.besides || (a.type < b.type ? -1 : 1));
  if (first !== undefined) return first.type;
  const near = types.sort((a, b) => a.lacks.length - b.lacks.length || (a.type < b.type ? -1 : 1));
  const development = known.some(({ environment }) => environment === "development");
  throw new NoMatchError(
    needs,
    near.map(({ type, lacks, incomplete }) => ({ type, lacks, ...(incomplete !== undefined && { incomplete }) })),
    development ? "development" : "production",
  );
}

/** Development knows what is declared, and nothing else. */
function incompleteOf({ capabilities, capabilitiesIncomplete }: Resolution) {
  const incomplete = capabilities === undefined ? "nothing is declared" : capabilitiesIncomplete;
  return incomplete === undefined ? undefined : { incomplete };
}
