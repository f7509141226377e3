/** A line of a container's log. */
export interface LogLine {
  readonly text: string;
  /** When the container runtime read it: RFC 3339 with nanoseconds, or nothing when the line has no time. */
  readonly time?: string;
}

/** Knows which lines of a log have been taken, so that reading can go on after the connection broke, without loss or repetition. */
export interface LogPosition {
  /** From where to read again, as `sinceTime`; nothing while no line was taken. */
  since(): string | undefined;
  /** Begins to read from `since()`. */
  resume(): void;
  /** A line as the server sends it with `timestamps=true`; resolves to nothing when it was taken before. */
  take(line: Buffer): LogLine | undefined;
  /**
   * Whether lines may be missing between what was taken before `resume()` and what came since: none of those came again, so
   * the node has rotated them away, and perhaps more. To be asked after a new line, or at the log's end.
   */
  gap(): boolean;
}

const SPACE = 0x20;
const STAMP = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/**
 * The server can only start at a whole second (`sinceTime` loses its fraction on the way to the kubelet), and it sends the
 * same lines in the same order again. So the lines taken of the newest second and the one before are counted, and that
 * many are left out, as far as they are not newer than the newest: after the node has rotated the log, less comes again.
 * The second before is for the two output streams, whose lines can be out of order by a little.
 */
export function createLogPosition(): LogPosition {
  const taken = new Map<number, number>();
  let newest = { second: Number.NEGATIVE_INFINITY, nano: 0 };
  let repeats = 0;
  let repeated = true;
  return {
    since: () =>
      taken.size === 0 ? undefined : new Date((newest.second - 1) * 1000).toISOString().replace(".000Z", "Z"),
    resume() {
      repeats = [...taken.values()].reduce((sum, count) => sum + count, 0);
      repeated = repeats === 0;
    },
    gap: () => !repeated,
    take(line) {
      const space = line.indexOf(SPACE);
      const time = line.toString("latin1", 0, space === -1 ? line.length : Math.min(space, 40));
      const at = parseStamp(time);
      if (!at) return { text: line.toString() };
      const later = at.second - newest.second || at.nano - newest.nano;
      if (repeats > 0 && later <= 0) {
        repeats -= 1;
        repeated = true;
        return undefined;
      }
      // The order of lines stays: after a new one none comes again, also where fewer did because of a rotation.
      repeats = 0;
      if (later > 0) newest = at;
      taken.set(at.second, (taken.get(at.second) ?? 0) + 1);
      for (const second of taken.keys()) if (second < newest.second - 1) taken.delete(second);
      return { text: space === -1 ? "" : joinParts(line, space + 1), time };
    },
  };
}

/** Container runtimes write a long line in parts: of 8 KiB (conmon), 16 KiB (containerd), always a multiple of this. */
const PART = 4096;
const INNER_STAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}(?:Z|[+-]\d{2}:\d{2}) /;
const MAX_STAMP_CHARS = 36;

/**
 * The text from an offset on. Kubelets before Kubernetes 1.27 put a time before each part of a long line; those inside go.
 * @see https://github.com/kubernetes/kubernetes/pull/113481
 */
function joinParts(line: Buffer, from: number): string {
  const parts: Buffer[] = [];
  let start = from;
  for (let at = start + PART; at < line.length; at += PART) {
    const stamp = INNER_STAMP.exec(line.toString("latin1", at, at + MAX_STAMP_CHARS));
    if (!stamp) continue;
    parts.push(line.subarray(start, at));
    start = at + stamp[0].length;
    at = start;
  }
  return Buffer.concat([...parts, line.subarray(start)]).toString();
}

function parseStamp(text: string): { readonly second: number; readonly nano: number } | undefined {
  const match = STAMP.exec(text);
  if (!match) return undefined;
  const [, date, fraction = "", zone] = match;
  return { second: Date.parse(`${date}${zone}`) / 1000, nano: Number(fraction.padEnd(9, "0")) };
}
