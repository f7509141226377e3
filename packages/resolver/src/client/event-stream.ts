import { splitLines } from "../tools/lines.ts";

/** Bytes of one line, and of one event's data. */
const LIMIT = 64 * 1024;
const RETURN = 13;

/** One server-sent event. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  /** The last id the stream gave, this event's or an earlier one's. */
  readonly id: string;
}

/**
 * Cuts a byte stream into events. Comments end no event and come out as nothing; that bytes came at all is a sign of life.
 * Lines end in LF or CR LF, as the service writes them.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createEventParser(): (chunk: Uint8Array) => StreamEvent[] {
  const tooLong = (): Error => new RangeError(`a line or an event exceeds ${LIMIT} bytes`);
  const lines = splitLines(LIMIT, tooLong);
  let [event, id] = ["", ""];
  let data: string[] = [];
  let held = 0;

  const field = (line: string): void => {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (name === "event") event = value;
    else if (name === "id" && !value.includes("\0")) id = value;
    else if (name === "data") {
      held += value.length;
      if (held > LIMIT) throw tooLong();
      data.push(value);
    }
  };

  return (chunk) => {
    const events: StreamEvent[] = [];
    lines.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    for (let line; (line = lines.next());) {
      const text = line.toString("utf8", 0, line.at(-1) === RETURN ? line.length - 1 : line.length);
      if (text !== "") {
        field(text);
        continue;
      }
      // The standard passes over an event without data; a reset needs none.
      if (data.length > 0 || event !== "") events.push({ event: event || "message", data: data.join("\n"), id });
      [event, data, held] = ["", [], 0];
    }
    return events;
  };
}
