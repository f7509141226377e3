import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { pino } from "pino";
import type { LoopbackServer } from "../../../../testing/loopback-server.ts";
import { manualClock, type ManualClock } from "../../../../testing/manual-clock.ts";
import type { Store } from "../journal/store.ts";
import { listedImage } from "../testing/scripted-source.ts";
import * as testing from "./testing/following.ts";
import {
  ALL_EVENTS,
  type Answers,
  failed,
  late,
  memoryStore,
  type Notification,
  passed,
  SECRET,
  status,
  verified,
  waiting,
} from "./testing/following.ts";

describe("notifications", { timeout: 60_000 }, () => {
  let answers: Answers;
  let receiver: LoopbackServer;
  let clock: ManualClock;
  let logged: string;
  beforeEach(() => {
    answers = [];
    clock = manualClock();
    logged = "";
  });
  const log = pino({ level: "debug" }, { write: (line: string) => void (logged += line) });
  const receiving = () => testing.receiving(() => answers.shift());
  const following = (store: Store, notifications: readonly Notification[]) =>
    testing.following(store, { clock, log }, [], notifications);
  const bodies = (): string[] => receiver.received.map(({ body }) => body.toString());

  const cloudEvents = (more: Partial<Pick<Notification, "events" | "types">> = {}): Notification => ({
    name: "hook",
    kind: "cloudevents",
    url: `${receiver.url}/hook`,
    secret: SECRET,
    events: ALL_EVENTS,
    types: ["*"],
    ...more,
  });
  interface Event {
    readonly specversion: string;
    readonly id: string;
    readonly source: string;
    readonly type: string;
    readonly subject: string;
    readonly time: string;
    readonly data: {
      readonly event: string;
      readonly executorType: string;
      readonly previously?: string;
      readonly reason: string;
    };
  }
  const events = (): Event[] => bodies().map((body) => JSON.parse(body) as Event);

  test("say what became of an image when it changes, and never what was before they were configured", async () => {
    receiver = await receiving();
    await using _ = receiver;
    const store = await memoryStore();
    const writer = await following(store, []);
    await writer.judged("ml", "a", [passed], "image-found");
    const here = await following(store, [cloudEvents()]);
    await here.until(() => here.follower.health.behind === 0);
    await here.judged("ml", "a", [passed], "image-judged");
    await here.judged("ml", "a", [failed], "image-judged");
    await here.judged("ml", "b", [waiting], "image-found");
    await here.judged("ml", "b", [late], "image-judged");
    await here.judged("nlp", "c", [passed], "image-found");
    await here.withdraw("nlp", "c");
    await here.until(() => here.follower.health.behind === 0);
    await here.stop();
    assert.deepEqual(
      events().map(({ data: { event, executorType, previously } }) => [event, executorType, previously]),
      [
        ["rejected", "ml", "admitted"],
        ["pending-deadline", "ml", "pending"],
        ["admitted", "nlp", undefined],
        ["withdrawn", "nlp", "admitted"],
      ],
    );
    const [event] = events();
    const { digest } = listedImage("a");
    assert.deepEqual(
      [event?.specversion, event?.type, event?.source, event?.subject],
      [
        "1.0",
        "dev.executor-registry.image.rejected",
        "registry.test/production",
        `registry.test/executor-ml@${digest}`,
      ],
    );
    assert.equal(event?.data.reason, `signature: ${failed.reason}`);
    for (const request of receiver.received) {
      verified(request);
      assert.equal(request.headers["content-type"], "application/cloudevents+json; charset=utf-8");
      assert.equal(request.headers["webhook-id"], (JSON.parse(request.body.toString()) as Event).id);
    }
  });

  test("are of the events and types that are wanted, and come again by the same id", async () => {
    receiver = await receiving();
    await using _ = receiver;
    answers = [status(503)];
    const here = await following(await memoryStore(), [cloudEvents({ events: ["rejected"], types: ["ml-*"] })]);
    await here.until(() => here.follower.health.behind === 0);
    await here.judged("ml-a", "a", [passed], "image-found");
    await here.judged("nlp", "b", [failed], "image-found");
    await here.judged("ml-b", "c", [failed], "image-found");
    await here.until(() => here.follower.health.behind === 0);
    await here.stop();
    assert.deepEqual(
      events().map(({ data }) => data.executorType),
      ["ml-b", "ml-b"],
    );
    assert.equal(new Set(events().map(({ id }) => id)).size, 1);
  });

  test("of Slack's form hold foreign text that can mention nobody", async () => {
    receiver = await receiving();
    await using _ = receiver;
    const slack: Notification = {
      name: "chat",
      kind: "slack",
      url: `${receiver.url}/s3cr3t`,
      events: ALL_EVENTS,
      types: ["*"],
    };
    answers = [status(500)];
    const here = await following(await memoryStore(), [slack]);
    await here.until(() => here.follower.health.behind === 0);
    await here.judged("ml", "a", [failed], "image-found");
    await here.until(() => here.follower.health.behind === 0);
    await here.stop();
    const { text } = JSON.parse(bodies().at(-1) ?? "") as { text: string };
    assert.match(
      text,
      /^\*rejected\* ml registry\.test\/executor-ml@sha256:a{64}: signature: no signature &lt;!channel&gt; &amp; none \[/,
    );
    assert.ok(!logged.includes("s3cr3t"));
  });
});
