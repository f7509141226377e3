const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span of time as kubectl prints ages: `45s`, `3m20s`, `5h`, `12d`. Below ten of a unit the next smaller one counts too. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 3 * HOUR) return inUnits(seconds, MINUTE, "m", 1, "s");
  if (seconds < 2 * DAY) return inUnits(seconds, HOUR, "h", MINUTE, "m");
  return inUnits(seconds, DAY, "d", HOUR, "h");
}

function inUnits(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const whole = Math.floor(seconds / large);
  const rest = Math.floor((seconds % large) / small);
  return whole < 10 && rest > 0 ? `${whole}${largeName}${rest}${smallName}` : `${whole}${largeName}`;
}
