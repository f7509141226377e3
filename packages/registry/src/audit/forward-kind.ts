import type { Logger } from "pino";
import type { Entry } from "../journal/entry.ts";
import type { Kind, KindSchema } from "../settings/kinds.ts";
import type { Destination } from "./follower.ts";
import type { PostContext } from "./post.ts";

/** What destinations are made with besides their settings. */
export interface ForwardContext extends PostContext {
  readonly log: Logger;
}

/** Where whole entries go. */
type ForwardDestination = Pick<Destination<Entry>, "kind" | "most" | "deliver">;

/** One kind of forwarding: its settings, and where entries go. */
export const forwardKind = <Schema extends KindSchema>(
  kind: Kind<Schema, ForwardContext, ForwardDestination>,
): Kind<Schema, ForwardContext, ForwardDestination> => kind;

/** Entries as lines of JSON. */
export const linesOf = (entries: readonly Entry[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
