import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import { openStore } from "@executor-registry/registry/internal";
import type { Logger } from "pino";
import { type ReceivedRequest, startLoopbackServer } from "../../../../../testing/loopback-server.ts";
import type { ManualClock } from "../../../../../testing/manual-clock.ts";
import { Catalogue } from "../../catalogue/catalogue.ts";
import type { Store } from "../../journal/store.ts";
import type { Verdict } from "../../model/verdict.ts";
import { listedImage } from "../../testing/scripted-source.ts";
import type { Follower } from "../follower.ts";
import { makeFollowers } from "../followers.ts";

export type Forward = Parameters<typeof makeFollowers>[0]["audit"]["forward"][number];
export type Notification = Parameters<typeof makeFollowers>[0]["notifications"][number];

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
export const passed: Verdict = { check: "signature", state: "passed", reason: "signed by release@example.com" };
export const failed: Verdict = { check: "signature", state: "failed", reason: "no signature <!channel> & none" };
export const late: Verdict & { readonly code: string } = { ...failed, code: "deadline" };
export const waiting: Verdict = { check: "signature", state: "pending", reason: "the registry does not answer" };

/** What a receiver answers, request by request; 204 to all others. */
export type Answers = ((request: ReceivedRequest, response: ServerResponse) => void)[];
export const status =
  (code: number, headers: Record<string, string> = {}) =>
  (_request: ReceivedRequest, response: ServerResponse): void =>
    void response.writeHead(code, headers).end("no");

export const memoryStore = (): Promise<Store> => openStore("memory:");
/** @param next what the next request is answered with; 204 where it is `undefined` */
export const receiving = (next: () => Answers[0] | undefined) =>
  startLoopbackServer((request, response) => (next() ?? status(204))(request, response));

export const ALL_EVENTS: Notification["events"] = [
  "admitted",
  "rejected",
  "withdrawn",
  "pending-deadline",
  "policy-changed",
];

/** A catalogue over a store, and what is configured to follow it. */
export async function following(
  store: Store,
  { clock, log }: { readonly clock: ManualClock; readonly log: Logger },
  forward: readonly Forward[],
  notifications: readonly Notification[] = [],
) {
  const catalogue = await Catalogue.open({ store, rank: () => 0, clock, log });
  const config = { audit: { origin: "registry.test/production", forward }, notifications };
  const followers = makeFollowers(config, { journal: catalogue, clock, random: () => 0.5, log, fetch });
  const ending = new AbortController();
  const running = followers.map((follower) => follower.run(ending.signal).catch(() => {}));
  return {
    catalogue,
    follower: followers[0] as Follower,
    /** Writes what is judged of an image. */
    judged: (type: string, character: string, verdicts: readonly Verdict[], kind: "image-found" | "image-judged") =>
      catalogue.record("source:main", () => {
        const { digest, tags, details } = listedImage(character, "1.0.0");
        const about = { type, repository: `registry.test/executor-${type}`, digest };
        const image = { repository: about.repository, digest, tags, details };
        const reason = "judged in a test";
        return [
          kind === "image-judged"
            ? { reason, change: { ...about, kind, verdicts } }
            : { reason, change: { ...about, kind, source: "main", image, verdicts } },
        ] as never;
      }),
    withdraw: (type: string, character: string) =>
      catalogue.record("source:main", () => {
        const about = { type, repository: `registry.test/executor-${type}`, digest: listedImage(character).digest };
        return [
          { reason: "its tag is gone", change: { ...about, kind: "image-withdrawn", reason: "its tag is gone" } },
        ];
      }),
    /**
     * Lets pauses pass until it holds. The limit of a request that is under way is longer than they are.
     * @param longest milliseconds of the longest wait that passes
     */
    async until(holds: () => boolean | Promise<boolean>, longest = 20_000) {
      while (!(await holds())) {
        const next = await Promise.race([clock.nextSleep(), setImmediate(Infinity)]);
        if (next <= longest && next < Infinity) await clock.advance(next);
        else await setImmediate();
      }
    },
    async stop() {
      ending.abort(new Error("the end"));
      await Promise.all(running);
    },
  };
}
/** What Standard Webhooks has a receiver do. */
export function verified({ headers, body }: ReceivedRequest): void {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = headers;
  assert.ok(!String(id).includes("."));
  const key = Buffer.from(SECRET.slice("whsec_".length), "base64");
  const expected = createHmac("sha256", key)
    .update(`${String(id)}.${String(timestamp)}.${body.toString()}`)
    .digest("base64");
  assert.equal(signature, `v1,${expected}`);
}
