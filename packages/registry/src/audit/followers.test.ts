import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { pino } from "pino";
import type { LoopbackServer, ReceivedRequest } from "../../../../testing/loopback-server.ts";
import { manualClock, type ManualClock } from "../../../../testing/manual-clock.ts";
import type { Entry } from "../journal/entry.ts";
import type { Store } from "../journal/store.ts";
import { listedImage } from "../testing/scripted-source.ts";
import { sqlitePlace } from "../stores/testing/sqlite-place.ts";
import { ForwardConfig, NotificationConfig } from "./followers.ts";
import * as testing from "./testing/following.ts";
import {
  ALL_EVENTS,
  type Answers,
  type Forward,
  memoryStore,
  type Notification,
  passed,
  SECRET,
  status,
  verified,
} from "./testing/following.ts";

const memoryPlace = async () => {
  const kept = await memoryStore();
  return { open: async () => kept, [Symbol.asyncDispose]: async () => {} };
};

describe("followers of the journal", { timeout: 60_000 }, () => {
  let folder: string;
  let answers: Answers;
  let receiver: LoopbackServer;
  let clock: ManualClock;
  let logged: string;
  before(async () => void (folder = await mkdtemp(join(tmpdir(), "followers-"))));
  after(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    answers = [];
    clock = manualClock();
    logged = "";
  });

  const log = pino({ level: "debug" }, { write: (line: string) => void (logged += line) });

  const following = (store: Store, forward: readonly Forward[], notifications: readonly Notification[] = []) =>
    testing.following(store, { clock, log }, forward, notifications);
  const bodies = (): string[] => receiver.received.map(({ body }) => body.toString());
  const sequences = (): number[] =>
    bodies().flatMap((body) =>
      body
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as Entry).sequence),
    );
  const receiving = () => testing.receiving(() => answers.shift());

  const http = (): Forward => ({
    name: "siem",
    kind: "http",
    url: `${receiver.url}/in/s3cr3t-path`,
    token: "t0ken",
    secret: SECRET,
  });

  for (const [name, place] of [
    ["memory", memoryPlace],
    ["SQLite", sqlitePlace],
  ] as const) {
    test(`get every entry from the first on, over restarts: ${name}`, async () => {
      receiver = await receiving();
      await using _ = receiver;
      await using somewhere = await place();
      const store = await somewhere.open();
      const first = await following(store, [http()]);
      await first.judged("ml", "a", [passed], "image-found");
      await first.until(() => first.follower.health.behind === 0 && receiver.received.length > 0);
      await first.stop();
      const written = first.catalogue.head.sequence;
      assert.deepEqual(
        [...new Set(sequences())],
        Array.from({ length: written }, (_, at) => at + 1),
      );
      const [request] = receiver.received;
      assert.equal(request?.headers.authorization, "Bearer t0ken");
      assert.equal(request?.headers["content-type"], "application/x-ndjson");
      for (const one of receiver.received) verified(one);

      // Written while nobody follows.
      await first.judged("nlp", "b", [passed], "image-found");
      const count = receiver.received.length;
      const again = await following(name === "memory" ? store : await somewhere.open(), [http()]);
      await again.until(() => receiver.received.length > count);
      await again.stop();
      assert.deepEqual(
        [...new Set(sequences())],
        Array.from({ length: again.catalogue.head.sequence }, (_, at) => at + 1),
      );
      assert.equal(sequences()[sequences().length - 1], again.catalogue.head.sequence);
    });
  }

  const wanted = { events: ALL_EVENTS, types: ["*"] };
  /** Each kind, by its settings, and how many times it was given the digest of an image. */
  const kinds: Readonly<Record<string, () => { forward?: Forward; notification?: Notification }>> = {
    stdout: () => ({ forward: { name: "one", kind: "stdout" } }),
    file: () => ({ forward: { name: "one", kind: "file", path: join(folder, "kinds.ndjson") } }),
    http: () => ({ forward: { name: "one", kind: "http", url: receiver.url } }),
    cloudevents: () => ({
      notification: { name: "one", kind: "cloudevents", url: receiver.url, secret: SECRET, ...wanted },
    }),
    slack: () => ({ notification: { name: "one", kind: "slack", url: receiver.url, ...wanted } }),
  };
  for (const [kind, settings] of Object.entries(kinds)) {
    test(`deliver once what nothing went wrong with, also over a restart: ${kind}`, async () => {
      receiver = await receiving();
      await using _ = receiver;
      const store = await memoryStore();
      const given = async (digest: string): Promise<boolean> => {
        const file = kind === "file" ? await readFile(join(folder, "kinds.ndjson"), "utf8").catch(() => "") : "";
        const lines = `${file}\n${bodies().join("\n")}\n${kind === "stdout" ? logged : ""}`.split("\n");
        const count = lines.filter((line) => line.includes(digest)).length;
        assert.ok(count <= 1, `${count} times`);
        return count === 1;
      };
      const { forward, notification } = settings();
      for (const character of "abc") {
        const here = await following(store, forward ? [forward] : [], notification ? [notification] : []);
        assert.deepEqual([here.follower.health.name, here.follower.health.kind], ["one", kind]);
        await here.until(() => here.follower.health.behind === 0);
        await here.judged("ml", character, [passed], "image-found");
        await here.until(() => given(listedImage(character).digest));
        await here.until(() => here.follower.health.behind === 0);
        await here.stop();
      }
      for (const character of "abc") assert.ok(await given(listedImage(character).digest));
    });
  }

  test("are of kinds that are all in this suite", () => {
    const known = [ForwardConfig, NotificationConfig].flatMap(({ options }) =>
      options.map(({ shape }) => shape.kind.value as string),
    );
    assert.deepEqual(known.toSorted(), Object.keys(kinds).toSorted());
  });

  const refusals: Readonly<Record<string, [(request: ReceivedRequest, response: ServerResponse) => void, RegExp]>> = {
    "500": [status(500), /127\.0\.0\.1:\d+ answered 500: it does not take/],
    "a redirect": [
      status(307, { location: "http://169.254.169.254/" }),
      /answered 307: a redirect, which is not followed/,
    ],
    "a closed connection": [(_request, response) => void response.destroy(), /cannot be reached \(\w+\)/],
    "no answer": [() => {}, /gave no answer within 30 s/],
  };
  for (const [name, [refuse, message]] of Object.entries(refusals)) {
    test(`try again after ${name}, say so without secrets, and lose nothing`, async () => {
      receiver = await receiving();
      await using _ = receiver;
      const silent = name === "no answer";
      answers = silent ? [refuse] : [refuse, refuse];
      const here = await following(await memoryStore(), [http()]);
      await here.judged("ml", "a", [passed], "image-found");
      await here.until(() => receiver.received.length > 0);
      await here.until(() => here.follower.health.failing, silent ? Infinity : undefined);
      assert.ok(here.follower.health.behind > 0);
      await here.until(() => !here.follower.health.failing && here.follower.health.behind === 0);
      await here.stop();
      assert.ok(receiver.received.length >= (silent ? 2 : 3));
      assert.deepEqual(
        [...new Set(sequences())],
        Array.from({ length: here.catalogue.head.sequence }, (_, at) => at + 1),
      );
      assert.match(logged, message);
      assert.match(logged, /are delivered again/);
      for (const secret of ["t0ken", "s3cr3t", SECRET]) assert.ok(!logged.includes(secret), secret);
    });
  }

  test("wait as long as they are asked to", async () => {
    receiver = await receiving();
    await using _ = receiver;
    answers = [status(429, { "retry-after": "120" })];
    const here = await following(await memoryStore(), [http()]);
    await here.judged("ml", "a", [passed], "image-found");
    const began = clock.now();
    await here.until(() => here.follower.health.failing);
    await here.until(() => receiver.received.length > 1, Infinity);
    assert.ok(clock.now() - began >= 120_000);
    await here.stop();
  });

  test("halve what is too large, down to one entry", async () => {
    receiver = await receiving();
    await using _ = receiver;
    const store = await memoryStore();
    const writer = await following(store, []);
    for (const character of "abcd") await writer.judged("ml", character, [passed], "image-found");
    const tooLarge = (request: ReceivedRequest, response: ServerResponse): void =>
      status(request.body.toString().trimEnd().includes("\n") ? 413 : 204)(request, response);
    answers = Array.from({ length: 100 }, () => tooLarge);
    const here = await following(store, [http()]);
    await here.until(() => here.follower.health.behind === 0);
    await here.stop();
    const taken = bodies().filter((body) => !body.trimEnd().includes("\n"));
    assert.deepEqual(
      taken.map((body) => (JSON.parse(body) as Entry).sequence),
      Array.from({ length: here.catalogue.head.sequence }, (_, at) => at + 1),
    );
  });

  test("write a file that survives being cut off, and being moved away", async () => {
    const path = join(folder, "audit.ndjson");
    const store = await memoryStore();
    const lines = async (): Promise<Entry[]> =>
      (await readFile(path, "utf8").catch(() => ""))
        .split("\n")
        .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Entry]));
    const here = await following(store, [{ name: "file", kind: "file", path }]);
    await here.judged("ml", "a", [passed], "image-found");
    await here.until(() => here.follower.health.behind === 0);
    await here.stop();
    const whole = await readFile(path, "utf8");
    assert.deepEqual(await lines(), await store.read(0, 100));

    await writeFile(path, `${whole}{"sequence":`);
    await here.judged("ml", "b", [passed], "image-found");
    const again = await following(store, [{ name: "file", kind: "file", path }]);
    await again.until(() => again.follower.health.behind === 0);
    assert.deepEqual(await lines(), await store.read(0, 100));
    await rm(path);
    await again.judged("ml", "c", [passed], "image-found");
    await again.until(() => again.follower.health.behind === 0);
    await again.stop();
    assert.equal((await lines()).at(-1)?.sequence, again.catalogue.head.sequence);
  });

  test("say what is wrong with a file, and go on when it can be written", async () => {
    const path = join(folder, "missing", "audit.ndjson");
    const here = await following(await memoryStore(), [{ name: "file", kind: "file", path }]);
    await here.judged("ml", "a", [passed], "image-found");
    await here.until(() => here.follower.health.failing);
    await here.stop();
    assert.match(logged, /audit\.ndjson cannot be written \(ENOENT\)/);
  });

  test("write lines of the log", async () => {
    const here = await following(await memoryStore(), [{ name: "log", kind: "stdout" }]);
    await here.judged("ml", "a", [passed], "image-found");
    await here.until(() => here.follower.health.behind === 0);
    await here.stop();
    const line = logged
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { msg: string; entry?: Entry })
      .find(({ msg }) => msg === "journal entry");
    assert.equal(line?.entry?.change.kind, "image-found");
  });
});
