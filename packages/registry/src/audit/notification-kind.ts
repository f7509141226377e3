import { z } from "zod";
import { type Kind, type KindSchema, Name } from "../settings/kinds.ts";
import type { Destination } from "./follower.ts";
import { EVENTS, type Notice } from "./notice.ts";
import type { PostContext } from "./post.ts";

/** What every kind of notification can be set to. */
export const notificationSettings = {
  name: Name,
  events: z
    .array(z.enum(EVENTS))
    .min(1)
    .default([...EVENTS])
    .meta({ description: "Which events are sent" }),
  types: z.array(z.string().min(1).max(100)).min(1).default(["*"]).meta({
    description: "Only events of these executor types, with `*` for any characters; events of no type are always sent",
  }),
};

export interface NotificationContext extends PostContext {
  /** Whose journal it is. */
  readonly origin: string;
}

/** Where notices go. */
type NoticeDestination = Pick<Destination<Notice>, "kind" | "most" | "deliver">;

/** One kind of notification: its settings, and where notices go. */
export const notificationKind = <Schema extends KindSchema>(
  kind: Kind<Schema, NotificationContext, NoticeDestination>,
): Kind<Schema, NotificationContext, NoticeDestination> => kind;
