import { styleText } from "node:util";
import type { Io, Output } from "../io.ts";

type Style = "bold" | "dim" | "green" | "yellow" | "red";

/** Styles text for a stream: only on a terminal, and not where `NO_COLOR` is set. @see https://no-color.org */
export function styler({ env }: Pick<Io, "env">, stream: Output): (style: Style, text: string) => string {
  const plain = !stream.isTTY || Boolean(env["NO_COLOR"]) || env["TERM"] === "dumb";
  return (style, text) => (plain ? text : styleText(style, text, { validateStream: false }));
}
