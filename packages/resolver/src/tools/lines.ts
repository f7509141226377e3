const NEWLINE = 10;

/** Cuts a byte stream into lines. */
export interface LineSplitter {
  /** The lines that `chunk` completes, without their newline. Undecoded, so a character may span chunks. */
  push(chunk: Buffer): Iterable<Buffer>;
  /** What came after the last newline, or `undefined` when nothing did. */
  rest(): Buffer | undefined;
}

/**
 * A line within one chunk is a view of it; only a line that spans chunks is copied, once.
 * @param limit most bytes of one line
 * @param tooLong makes the error thrown beyond it
 */
export function splitLines(limit: number, tooLong: () => Error): LineSplitter {
  let parts: Buffer[] = [];
  let held = 0;

  const finish = (last: Buffer): Buffer => {
    if (held + last.length > limit) throw tooLong();
    if (parts.length === 0) return last;
    const line = Buffer.concat([...parts, last], held + last.length);
    parts = [];
    held = 0;
    return line;
  };

  return {
    *push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        yield finish(chunk.subarray(start, end));
        start = end + 1;
      }
      if (start === chunk.length) return;
      held += chunk.length - start;
      if (held > limit) throw tooLong();
      parts.push(chunk.subarray(start));
    },
    rest: () => (held === 0 ? undefined : finish(Buffer.alloc(0))),
  };
}
