import { z } from "zod";

/** What somebody stated about vulnerabilities of products. */
export interface VexStatement {
  /** Of the document, and of the statement in it: for the evidence. */
  readonly document: string;
  readonly id: string;
  /** All names of the vulnerability. */
  readonly vulnerability: readonly string[];
  readonly products: readonly VexProduct[];
  /** `excused`: not affected, for one of the reasons that the format has a word for. `other`: affected, or not known yet. */
  readonly status: "excused" | "fixed" | "other";
  /** Milliseconds since the Unix epoch; absent where it is not said. */
  readonly time?: number;
}

/** What a statement is about. */
export interface VexProduct {
  /** Package URLs of the same thing. */
  readonly purls: readonly string[];
  /** Of its parts, where it is about these alone; empty for the whole. */
  readonly parts: readonly string[];
}

/** A list in a document. */
export const some = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .max(10_000)
    .nullish()
    .transform((items) => items ?? []);

/** Milliseconds since the Unix epoch; `undefined` for what is no time. */
export function timeOf(text: string | null | undefined): number | undefined {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? undefined : ms;
}
