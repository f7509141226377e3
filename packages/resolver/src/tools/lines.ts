const NEWLINE = 10;

/** Cuts a byte stream into lines. */
export interface LineSplitter {
  /** Takes the next bytes, when {@link next} has no line left. */
  push(chunk: Buffer): void;
  /** The next whole line, without its newline; undecoded, as a character may span chunks. Valid until the next call. */
  next(): Buffer | undefined;
  /** What came after the last newline, or `undefined` when nothing did. */
  rest(): Buffer | undefined;
}

const EMPTY: Buffer = Buffer.alloc(0);

/**
 * A line within one chunk is a view of it. One that spans chunks is put together in a buffer that the next such line overwrites.
 * @param limit most bytes of one line
 * @param tooLong makes the error thrown beyond it
 */
export function splitLines(limit: number, tooLong: () => Error): LineSplitter {
  let chunk = EMPTY;
  let start = 0;
  let begun = EMPTY;
  let held = 0;

  const hold = (part: Buffer): void => {
    const length = held + part.length;
    if (length > limit) throw tooLong();
    if (length > begun.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(limit, Math.max(length, 2 * begun.length)));
      begun.copy(larger, 0, 0, held);
      begun = larger;
    }
    part.copy(begun, held);
    held = length;
  };
  const take = (): Buffer => {
    const line = begun.subarray(0, held);
    held = 0;
    return line;
  };

  return {
    push(next) {
      chunk = next;
      start = 0;
    },
    next() {
      if (start === chunk.length) return undefined;
      const end = chunk.indexOf(NEWLINE, start);
      const part = chunk.subarray(start, end === -1 ? chunk.length : end);
      start = end === -1 ? chunk.length : end + 1;
      if (end === -1) {
        hold(part);
        return undefined;
      }
      if (held === 0 && part.length <= limit) return part;
      hold(part);
      return take();
    },
    rest: () => (held === 0 ? undefined : take()),
  };
}
