import { z } from "zod";
import { oneLine } from "../model/one-line.ts";
import { secretThat } from "../settings/secret.ts";
import type { Notice } from "./notice.ts";
import { notificationKind, notificationSettings } from "./notification-kind.ts";
import { post } from "./post.ts";

/** Characters of one notice, so that what Slack shows of a message is all of it. */
const MAX_LINE = 400;

/** An incoming webhook of Slack, or of what is compatible with it. */
export const slackNotification = notificationKind({
  schema: z.strictObject({
    ...notificationSettings,
    kind: z.literal("slack"),
    url: secretThat((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ""), "expected an http or https URL").meta({
      description: "The incoming webhook's URL, which is a secret: who knows it can post",
    }),
  }),
  make: ({ url: text }, { origin, fetch, clock }) => {
    const url = new URL(text);
    return {
      kind: "slack",
      most: 8,
      async deliver(notices, signal) {
        const text = notices.map((notice) => line(notice, origin)).join("\n");
        const headers = { "content-type": "application/json; charset=utf-8" };
        await post({ url, headers, body: JSON.stringify({ text }) }, { fetch, clock }, signal);
      },
    };
  },
});

/** Foreign text can neither mention anybody nor pass for a link. @see https://docs.slack.dev/messaging/formatting-message-text */
const plain = (text: string): string =>
  oneLine(text, MAX_LINE).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function line({ event, entry, previously, reason }: Notice, origin: string): string {
  const { type, repository, digest } = entry.change;
  const image = repository === undefined ? "" : ` ${plain(`${repository}@${digest ?? ""}`)}`;
  const before = previously === undefined ? "" : ` (was ${previously})`;
  return `*${event}*${type === undefined ? "" : ` ${plain(type)}`}${image}${before}: ${plain(reason)} [${plain(origin)} #${entry.sequence}]`;
}
