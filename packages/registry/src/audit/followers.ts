import type { Clock, Random } from "@executor-registry/resolver";
import type { Logger } from "pino";
import type { z } from "zod";
import type { Entry } from "../journal/entry.ts";
import { glob } from "../model/glob.ts";
import { proxiedFetch } from "../net/proxied-fetch.ts";
import { tableOf } from "../settings/kinds.ts";
import { createFollower, type Destination, type FollowedJournal, type Follower } from "./follower.ts";
import { fileForward } from "./forward-file.ts";
import { httpForward } from "./forward-http.ts";
import { stdoutForward } from "./forward-stdout.ts";
import { type Notice, type NoticeEvent, noticeOf } from "./notice.ts";
import { cloudEventsNotification } from "./notify-cloudevents.ts";
import { slackNotification } from "./notify-slack.ts";

/** Where the journal can be forwarded. A new kind is added here, and has a file of its own. */
const FORWARDS = tableOf([stdoutForward, fileForward, httpForward]);
/** How people and programs are notified. A new kind is added here, and has a file of its own. */
const NOTIFICATIONS = tableOf([cloudEventsNotification, slackNotification]);

export const ForwardConfig = FORWARDS.schema;
export const NotificationConfig = NOTIFICATIONS.schema;

/** What a configuration says of followers. */
interface FollowersConfig {
  readonly audit: { readonly origin: string; readonly forward: readonly z.output<typeof ForwardConfig>[] };
  readonly notifications: readonly z.output<typeof NotificationConfig>[];
}

export interface FollowersContext {
  readonly journal: FollowedJournal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** @default through the environment's proxies */
  readonly fetch?: typeof globalThis.fetch;
}

/** The followers of a configuration. */
export function makeFollowers(
  { audit, notifications }: FollowersConfig,
  context: FollowersContext,
): readonly Follower[] {
  const { journal, clock, random, log, fetch = proxiedFetch() } = context;
  const shared = { journal, clock, random, log };
  return [
    ...audit.forward.map((config) => {
      const made = FORWARDS.make(config, { log, fetch, clock });
      const destination: Destination<Entry> = { ...made, from: "first", select: async (entry) => entry };
      return createFollower(destination, { ...shared, name: config.name, cursor: `forward/${config.name}` });
    }),
    ...notifications.map((config) => {
      const made = NOTIFICATIONS.make(config, { origin: audit.origin, fetch, clock });
      const select = selection(config, journal);
      const destination: Destination<Notice> = { ...made, from: "now", select };
      return createFollower(destination, { ...shared, name: config.name, cursor: `notification/${config.name}` });
    }),
  ];
}

/** The notices that are wanted. */
function selection(
  { events, types }: { readonly events: readonly NoticeEvent[]; readonly types: readonly string[] },
  journal: FollowedJournal,
): Destination<Notice>["select"] {
  const patterns = types.map(glob);
  return async (entry) => {
    const { type } = entry.change;
    if (type !== undefined && !patterns.some((matches) => matches(type))) return undefined;
    const notice = await noticeOf(entry, journal);
    return notice !== undefined && events.includes(notice.event) ? notice : undefined;
  };
}
