import { styleText } from "node:util";
import type { Io, Output } from "./io.ts";
import { printable } from "@executor-registry/resolver/internal";

/** Text with a style of ours; terminals show it, others get the text. */
export interface Styled {
  readonly style: "bold" | "dim" | "green" | "yellow" | "red";
  readonly text: string;
}

/** One line: text, some of it styled. */
export type Line = string | readonly (string | Styled)[];

/**
 * The only way to standard output and standard error. A line is what the caller says is one: a line end within it is foreign, and
 * is shown like everything else that would steer a terminal.
 */
export interface Printer {
  readonly isTTY: boolean;
  print(lines: string | readonly Line[]): void;
  /** Shows on a terminal what goes on, until something is printed or it is `undefined`. */
  status(text: string | undefined): void;
  /** Passes text on as it is: an executor's own output, a shell's protocol. */
  raw(text: string): void;
}

/** Back to the line's beginning, and clear it. */
const CLEAR = "\r\u001b[K";

/** Styles are for terminals, and not where `NO_COLOR` is set. @see https://no-color.org */
export function createPrinter(stream: Output, env: Io["env"]): Printer {
  const plain = !stream.isTTY || Boolean(env["NO_COLOR"]) || env["TERM"] === "dumb";
  const part = (one: string | Styled): string => {
    if (typeof one === "string") return printable(one);
    return plain ? printable(one.text) : styleText(one.style, printable(one.text), { validateStream: false });
  };
  let shown = false;
  const clear = (): string => {
    const before = shown ? CLEAR : "";
    shown = false;
    return before;
  };
  return {
    isTTY: stream.isTTY,
    print(lines) {
      const all = typeof lines === "string" ? [lines] : lines;
      if (all.length === 0) return;
      const text = all.map((line) => (typeof line === "string" ? part(line) : line.map(part).join("")));
      stream.write(`${clear()}${text.join("\n")}\n`);
    },
    status(text) {
      if (!stream.isTTY || (text === undefined && !shown)) return;
      stream.write(`${clear()}${text === undefined ? "" : printable(text)}`);
      shown = text !== undefined;
    },
    raw: (text) => stream.write(`${clear()}${text}`),
  };
}
