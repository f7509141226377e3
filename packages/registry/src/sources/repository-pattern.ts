const SPECIAL = /[\\^$.+?()[\]{}|]/g;

/**
 * Matches repositories' names: `*` stands for anything within a segment, `**` for any number of segments. The rest is literal.
 * Linear in the length of the name for every pattern: matched segment by segment, without backtracking over segments.
 */
export function repositoryPattern(pattern: string): (repository: string) => boolean {
  const segments = pattern.split("/").map((segment) => (segment === "**" ? segment : segmentPattern(segment)));
  return (repository) => {
    const names = repository.split("/");
    // reached: the positions in the pattern that the names so far can have led to.
    let reached = closure(new Set([0]), segments);
    for (const name of names) {
      const next = new Set<number>();
      for (const place of reached) {
        const segment = segments[place];
        if (segment === "**") next.add(place);
        else if (segment?.test(name)) next.add(place + 1);
      }
      reached = closure(next, segments);
    }
    return reached.has(segments.length);
  };
}

/** Whether a pattern names exactly one repository. */
export const isLiteral = (pattern: string): boolean => !pattern.includes("*");

function segmentPattern(segment: string): RegExp {
  const literal = segment.split("*").map((part) => part.replace(SPECIAL, "\\$&"));
  // Each star takes as little as lets the next literal match: `[^]*?` between literals of one short segment.
  return new RegExp(`^${literal.join("[^/]*?")}$`);
}

/** `**` may stand for no segment at all. */
function closure(places: Set<number>, segments: readonly (RegExp | "**")[]): Set<number> {
  for (const place of places) if (segments[place] === "**") places.add(place + 1);
  return places;
}
