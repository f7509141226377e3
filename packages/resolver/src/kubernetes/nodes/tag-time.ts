/** A build time read from a tag: the build ran in `[from, until)`, milliseconds since the Unix epoch. */
export interface TagTime {
  readonly from: number;
  readonly until: number;
  /**
   * A zone whose offset the tag does not say: its name such as `CET`, empty where it has none. Only times of one zone,
   * or days apart, can be compared.
   */
  readonly zone?: string;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/**
 * `2026-11-23_15-04-05.999_UTC` (Skaffold), `20261123-150405`, `20261123150405`, `2026.11.23`, `2026-11-23T15-04-05Z`; before it
 * a word such as `build-`, after it a commit such as `-abc1234`.
 */
const DATE =
  /^(?:[a-z]+[-_.])?(\d{4})([-_.]?)(\d{2})\2(\d{2})(?:[-_.T]?(\d{2})[-_.]?(\d{2})(?:[-_.]?(\d{2})(?:\.(\d{1,9}))?)?)?(Z|[-_](?:[A-Z]{2,5}|-\d{2}(?:\d{2})?))?(?:[-_.]g?[0-9a-f]{7,40})?(?:-dirty)?$/;

/** Tilt's expected references of custom builds. */
const TILT = /^tilt-build-(\d{9,11})$/;

/** The build time in a tag, if there is a possible one. */
export function tagTime(tag: string): TagTime | undefined {
  const seconds = TILT.exec(tag)?.[1];
  if (seconds !== undefined) return { from: Number(seconds) * SECOND, until: (Number(seconds) + 1) * SECOND };
  const match = DATE.exec(tag);
  if (!match) return undefined;
  const [, year = "", , month = "", day = "", hour, minute, second, fraction, ending] = match;
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const [h, min, s] = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)];
  if (y < 2000 || y > 2200 || h > 23 || min > 59 || s > 60) return undefined;
  const date = new Date(Date.UTC(y, m - 1, d));
  // An impossible date such as 2026-02-31 comes back as another one.
  if (date.getUTCMonth() !== m - 1 || date.getUTCDate() !== d) return undefined;
  const zone = zoneOf(ending);
  const milliseconds = fraction === undefined ? 0 : Number(`0.${fraction}`) * SECOND;
  const from = Date.UTC(y, m - 1, d, h, min, s) + milliseconds - zone.offset;
  const length =
    hour === undefined
      ? DAY
      : second === undefined
        ? MINUTE
        : fraction === undefined
          ? SECOND
          : 10 ** (3 - fraction.length);
  return { from, until: from + length, ...(zone.name !== undefined && { zone: zone.name }) };
}

/** Whether one time is certainly after another. */
export function isLater(a: TagTime, b: TagTime): boolean {
  // Offsets from UTC lie between -12 and +14 hours.
  const doubt = a.zone === b.zone ? 0 : DAY + 2 * 60 * MINUTE;
  return a.from >= b.until + doubt;
}

function zoneOf(ending: string | undefined): { readonly offset: number; readonly name?: string } {
  const name = ending?.replace(/^[-_]/, "") ?? "";
  if (name === "Z" || name === "UTC" || name === "GMT") return { offset: 0 };
  const west = /^-(\d{2})(\d{2})?$/.exec(name);
  if (!west) return { offset: 0, name };
  return { offset: -(Number(west[1]) * 60 + Number(west[2] ?? 0)) * MINUTE };
}
