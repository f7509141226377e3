/** Reproducible builds write 1970, or 1980, which is where ZIP's time begins. */
const FIRST_MS = Date.UTC(1981);
/** How far the clock of the machine that built may be ahead. */
const AHEAD_MS = 5 * 60_000;
/** RFC 3339's, with its zone. Others are read as some time or other by a lenient parser, and without a zone as this machine's. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/** The time that an image's configuration says it was built at, milliseconds since the Unix epoch; nothing where that is no time. */
export function parseBuildTime(created: unknown): number | undefined {
  const time = typeof created === "string" && TIME.test(created) ? Date.parse(created) : Number.NaN;
  return time >= FIRST_MS ? time : undefined;
}

/** Whether a time can be evidence of what is newer: not one of the future. @param seen when it was seen, by one's own clock */
export function isPast(time: number, seen: number): boolean {
  return time <= seen + AHEAD_MS;
}
