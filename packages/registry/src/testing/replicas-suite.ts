import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { systemClock } from "@executor-registry/resolver";
import { type DockerRegistry, noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { until } from "../../../../testing/production-resolver.ts";
import { pushImage } from "../../../../testing/push.ts";
import type { Serving } from "../../../../testing/serving.ts";
import { seal } from "../journal/chain.ts";
import { openStore } from "../stores/open.ts";
import { type Replicas, startReplicas } from "./replicas.ts";

/** A database that several services use. */
export interface DatabaseServer extends AsyncDisposable {
  /** Of a journal of its own, as `store` has it. */
  address(name: string): string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

const REPOSITORY = "team/executor-ml";
/** What the service promises, in milliseconds: what one replica wrote, all have. */
const EVERYWHERE_MS = 1000;

/** What several replicas must do on a store. */
export function replicasSuite(
  name: string,
  { skip, start }: { readonly skip: string | false; readonly start: () => Promise<DatabaseServer> },
): void {
  describe(`replicas on ${name}`, { skip: skip || noDockerRegistry }, () => {
    let database: DatabaseServer;
    let registry: DockerRegistry;
    let replicas: Replicas;
    let one: Serving;
    let other: Serving;
    before(async () => {
      [database, registry] = await Promise.all([start(), startDockerRegistry()]);
      for (const version of ["1.0.0", "1.1.0"]) await push(version);
      replicas = await startReplicas(database.address("main"), registry, 2);
      const [first, second] = replicas.all;
      assert.ok(first && second);
      [one, other] = [first, second];
      await replicas.send(one, "POST /executors/refresh?wait=true");
      await everywhere("1.1.0");
    });
    after(async () => {
      await replicas?.[Symbol.asyncDispose]();
      await registry?.[Symbol.asyncDispose]();
      await database?.[Symbol.asyncDispose]();
    });

    const push = (version: string) => pushImage(registry, REPOSITORY, version, { size: 100 });
    const everywhere = async (version: string): Promise<void> => {
      for (const replica of replicas.all) await until(async () => (await replicas.version(replica)) === version);
    };
    const pin = (replica: Serving, to: string, headers?: Record<string, string>) =>
      replicas.send(replica, "PUT /executors/ml/pin", { to, reason: "a test" }, headers);

    test("what one wrote, the other answers with within a second, whichever of them it was", async () => {
      for (const [writer, reader] of [
        [one, other],
        [other, one],
      ] as const) {
        const began = performance.now();
        assert.equal((await pin(writer, "1.0.0")).answer.outcome, "changed");
        await until(async () => (await replicas.version(reader)) === "1.0.0");
        assert.ok(performance.now() - began < EVERYWHERE_MS);
        await replicas.send(writer, "DELETE /executors/ml/pin?reason=over");
        await everywhere("1.1.0");
      }
      // Whoever leads writes down what became current.
      await until(async () => {
        const [first, second] = await Promise.all([one, other].map((replica) => replicas.health(replica)));
        return first?.journal !== undefined && first.journal.hash === second?.journal?.hash;
      });
    });

    test("an image that one finds is looked at by one, and answered with by all", async () => {
      await push("1.2.0");
      const { answer } = await replicas.send(other, "POST /executors/refresh?type=ml&wait=true");
      assert.equal(answer.detail, undefined);
      await everywhere("1.2.0");
    });

    test("one leads; the other shows how its sources fare, and leads as soon as the first has ended", async () => {
      const healths = await Promise.all(replicas.all.map((replica) => replicas.health(replica)));
      const leader = healths.find(({ replica }) => replica?.leading);
      const follower = healths.find(({ replica }) => !replica?.leading);
      assert.ok(leader?.replica && follower?.replica);
      assert.equal(follower.replica.leader, leader.replica.name);
      assert.equal(follower.status, "ok");
      const following = replicas.all[healths.indexOf(follower)];
      assert.ok(following);
      // The leader notes it with its lease, every other second.
      await until(async () => (await replicas.health(following)).sources?.[0]?.state === "ready");
      const third = await replicas.add();
      assert.equal((await replicas.health(third)).replica?.leading, false);
      assert.equal(await replicas.version(third), "1.2.0");
      const at = healths.indexOf(leader);
      const ended = replicas.all[at];
      assert.ok(ended);
      ended.signal("SIGTERM");
      await ended.ended;
      (replicas.all as Serving[]).splice(at, 1);
      [one, other] = replicas.all as [Serving, Serving];
      await until(async () => {
        const now = await Promise.all(replicas.all.map((replica) => replicas.health(replica)));
        return now.filter(({ replica }) => replica?.leading).length === 1;
      });
      await push("1.3.0");
      await replicas.send(one, "POST /executors/refresh?wait=true");
      await everywhere("1.3.0");
    });

    test("a client that listened at one goes on at the other, and misses nothing", async () => {
      const first = await listen(one);
      assert.equal((await first.next()).event, "reset");
      await pin(one, "1.1.0");
      let heard = await first.next();
      // What the image before can do may have been found just now.
      while (versionIn(heard) !== "1.1.0") heard = await first.next();
      await first.end();
      await everywhere("1.1.0");
      await replicas.send(one, "DELETE /executors/ml/pin?reason=over");
      await everywhere("1.3.0");
      const second = await listen(other, heard.id);
      const seen: (string | undefined)[] = [];
      while (seen.at(-1) !== "1.3.0") {
        const missed = await second.next();
        assert.equal(missed.event, "executor");
        seen.push(versionIn(missed));
      }
      await second.end();
      // Nothing from before what it has seen.
      assert.ok(seen.length > 0 && seen.every((version) => version === "1.1.0" || version === "1.3.0"), seen.join());
    });

    test("answers say how far in the journal they are, and events how far answers have to be", async () => {
      const listening = await listen(one);
      const reset = await listening.next();
      await pin(one, "1.1.0");
      let heard = await listening.next();
      while (versionIn(heard) !== "1.1.0") heard = await listening.next();
      await listening.end();
      const { journal } = JSON.parse(heard.data) as { journal: string };
      assert.ok(sequenceIn(journal) > sequenceIn(reset.id));
      await everywhere("1.1.0");
      for (const { url } of [one, other]) {
        // By the read path, and by the routes.
        for (const path of ["/executors/ml", "/executors/ml?fields=version", "/executors"]) {
          const { headers } = await fetch(url + path);
          const etag = headers.get("etag") ?? "";
          const unchanged = await fetch(url + path, { headers: { "if-none-match": etag } });
          assert.equal(unchanged.status, 304);
          for (const place of [headers, unchanged.headers].map((all) => all.get("x-executor-journal") ?? "")) {
            assert.equal(place.split("-")[0], journal.split("-")[0]);
            assert.ok(sequenceIn(place) >= sequenceIn(journal), `${url}${path}: ${place}, and the event ${journal}`);
          }
        }
      }
      await replicas.send(one, "DELETE /executors/ml/pin?reason=over");
      await everywhere("1.3.0");
    });

    test("a rollback that is sent again, to the other replica, goes back once", async () => {
      const headers = { "idempotency-key": '"0f0d7f2e"' };
      const back = (replica: Serving) =>
        replicas.send(replica, "POST /executors/ml/rollback", { reason: "it is bad" }, headers);
      const { answer } = await back(one);
      assert.equal(answer.outcome, "changed");
      const to = await replicas.version(one);
      await until(async () => (await replicas.version(other)) === to);
      const again = await back(other);
      assert.deepEqual([again.status, again.answer.outcome], [200, "unchanged"]);
      assert.equal(await replicas.version(other), to);
      await replicas.send(one, "DELETE /executors/ml/pin?reason=over");
      await everywhere("1.3.0");
    });

    test("an entry of a newer release is passed over with a warning, and what comes after it counts", async () => {
      await using store = await disposable(await openStore(database.address("main")));
      for (;;) {
        const head = await store.head();
        const change = { kind: "type-retired-by-a-newer-release", type: "ml" };
        const at = new Date(systemClock.now()).toISOString();
        try {
          await store.append(head, [seal(head, { actor: "system", reason: "a test", change }, at)]);
          break;
        } catch (problem) {
          assert.equal((problem as { code?: string }).code, "conflict");
        }
      }
      for (const replica of replicas.all) {
        const { change } = await replica.logged("entries of a kind that this release does not know are passed over");
        assert.equal(change, "type-retired-by-a-newer-release");
      }
      await pin(other, "1.2.0");
      await everywhere("1.2.0");
      await replicas.send(one, "DELETE /executors/ml/pin?reason=over");
      await everywhere("1.3.0");
    });

    test("while the database is away they answer, with the answers' age, refuse writes, and go on by themselves", async () => {
      await database.stop();
      const stopped = performance.now();
      const refused = await pin(one, "1.2.0");
      assert.deepEqual([refused.status, refused.answer.code], [503, "store"]);
      assert.equal(refused.headers.get("retry-after"), "5");
      let age: string | null = null;
      while (age === null) {
        for (const replica of replicas.all) {
          const { status, answer, headers } = await replicas.send(replica, "GET /executors/ml");
          assert.deepEqual([status, answer.version], [200, "1.3.0"]);
          age = headers.get("age");
        }
      }
      assert.ok(Number(age) * 1000 <= performance.now() - stopped + 1000 && Number(age) >= 5, age);
      // Each replica has noticed for itself.
      await until(async () => (await replicas.health(one)).status === "degraded");
      const health = await replicas.health(one);
      assert.ok((health.replica?.age ?? 0) >= 5);
      assert.match(health.reason ?? "", /store could not be read for \d+ s/);
      assert.equal((await replicas.send(one, "GET /readyz")).status, 200);
      await database.start();
      await until(async () => (await pin(one, "1.2.0")).status === 200);
      await everywhere("1.2.0");
      for (const replica of replicas.all) {
        await until(async () => (await replicas.send(replica, "GET /executors/ml")).headers.get("age") === null);
        assert.equal((await replicas.health(replica)).replica?.age, 0);
      }
    });

    test("one that is killed comes back with everything", async () => {
      const before = (await replicas.health(one)).journal;
      other.signal("SIGKILL");
      await other.ended;
      (replicas.all as Serving[]).splice(1, 1);
      other = await replicas.add();
      const { journal } = await replicas.health(other);
      assert.ok((journal?.sequence ?? 0) >= (before?.sequence ?? Infinity));
      assert.equal(await replicas.version(other), "1.2.0");
    });
  });
}

/** A closing that `await using` knows. */
const disposable = async <T extends { close(): Promise<void> }>(one: T): Promise<T & AsyncDisposable> =>
  Object.assign(one, { [Symbol.asyncDispose]: () => one.close() });

const sequenceIn = (place: string): number => Number(place.split("-")[1]);

interface Heard {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

const versionIn = ({ data }: Heard): string | undefined => (JSON.parse(data) as { version?: string }).version;

/** Listens for changes, as a client that has seen an event. */
async function listen(replica: Serving, lastId?: string): Promise<{ next(): Promise<Heard>; end(): Promise<void> }> {
  const headers = lastId === undefined ? {} : { "last-event-id": lastId };
  const { body } = await fetch(`${replica.url}/events`, { headers });
  assert.ok(body);
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    async next() {
      for (;;) {
        const end = text.indexOf("\n\n");
        if (end < 0) {
          text += (await reader.read()).value ?? assert.fail("the stream ended");
          continue;
        }
        const fields = new Map(
          text
            .slice(0, end)
            .split("\n")
            .map((line) => line.split(/: (.*)/s) as [string, string]),
        );
        text = text.slice(end + 2);
        const event = fields.get("event");
        if (event !== undefined) return { id: fields.get("id") ?? "", event, data: fields.get("data") ?? "" };
      }
    },
    end: () => reader.cancel(),
  };
}
