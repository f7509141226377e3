import { z } from "zod";
import type { Notice } from "./notice.ts";
import { notificationKind, notificationSettings } from "./notification-kind.ts";
import { post } from "./post.ts";
import { webhookHeaders, WebhookSecret } from "./webhook-signature.ts";

/** A receiver of CloudEvents, one for each request, as structured JSON. */
export const cloudEventsNotification = notificationKind({
  schema: z.strictObject({
    ...notificationSettings,
    kind: z.literal("cloudevents"),
    url: z.url({ protocol: /^https?$/ }).meta({ description: "Each event is posted there" }),
    secret: WebhookSecret,
  }),
  make: ({ url: text, secret }, { origin, fetch, clock }) => {
    const url = new URL(text);
    return {
      kind: "cloudevents",
      most: 1,
      async deliver(notices, signal) {
        for (const notice of notices) {
          const event = cloudEvent(notice, origin);
          const body = JSON.stringify(event);
          const headers = {
            "content-type": "application/cloudevents+json; charset=utf-8",
            ...webhookHeaders(secret, event.id, body, clock.now()),
          };
          await post({ url, headers, body }, { fetch, clock }, signal);
        }
      },
    };
  },
});

/** What becomes of images; the other events have their subject in their names. */
const STATES: ReadonlySet<Notice["event"]> = new Set(["admitted", "rejected", "withdrawn", "pending-deadline"]);

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md */
function cloudEvent({ event, entry, previously, verdicts, reason }: Notice, source: string) {
  const { sequence, hash, at, actor, change } = entry;
  const { type, repository, digest } = change;
  const image = repository !== undefined && digest !== undefined ? `${repository}@${digest}` : undefined;
  const subject = image ?? type;
  return {
    specversion: "1.0",
    // The same for every attempt: who gets it twice sees that.
    id: hash,
    source,
    type: `dev.executor-registry.${STATES.has(event) ? `image.${event}` : event.replace("-", ".")}`,
    time: at,
    ...(subject !== undefined && { subject }),
    datacontenttype: "application/json",
    data: {
      event,
      ...(type !== undefined && { executorType: type }),
      ...(image !== undefined && { image, repository, digest }),
      reason,
      actor,
      ...(previously !== undefined && { previously }),
      ...(verdicts && { verdicts }),
      journal: { sequence, hash },
    },
  };
}
