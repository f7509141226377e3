import { glob } from "./glob.ts";

/**
 * Matches repositories' names: `*` stands for anything within a segment, `**` for any number of segments. The rest is literal.
 * Linear in the length of the name for every pattern: matched segment by segment, without backtracking.
 */
export function repositoryPattern(pattern: string): (repository: string) => boolean {
  const segments = pattern.split("/").map((segment) => (segment === "**" ? segment : glob(segment)));
  return (repository) => {
    const names = repository.split("/");
    // reached: the positions in the pattern that the names so far can have led to.
    let reached = closure(new Set([0]), segments);
    for (const name of names) {
      const next = new Set<number>();
      for (const place of reached) {
        const segment = segments[place];
        if (segment === "**") next.add(place);
        else if (segment?.(name)) next.add(place + 1);
      }
      reached = closure(next, segments);
    }
    return reached.has(segments.length);
  };
}

/** Whether a pattern names exactly one repository. */
export const isLiteral = (pattern: string): boolean => !pattern.includes("*");

/** `**` may stand for no segment at all. */
function closure(places: Set<number>, segments: readonly (((name: string) => boolean) | "**")[]): Set<number> {
  for (const place of places) if (segments[place] === "**") places.add(place + 1);
  return places;
}
