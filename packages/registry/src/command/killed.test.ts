import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createResolver, type RegistryOptions, type Resolver } from "@executor-registry/resolver";
import { type DockerRegistry, noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { until } from "../../../../testing/production-resolver.ts";
import { pushImage } from "../../../../testing/push.ts";
import { type Serving, serving } from "../../../../testing/serving.ts";

const HOUR = 3_600_000;

describe("a dispatcher whose registry service is killed", { skip: noDockerRegistry, timeout: 120_000 }, () => {
  let folder: string;
  let registry: DockerRegistry;
  let files = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "killed-"));
    registry = await startDockerRegistry();
    await push("1.0.0", 1);
  });
  after(async () => {
    await registry[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const push = (tag: string, day: number): Promise<unknown> =>
    pushImage(registry, "executor-ml", tag, { created: new Date(Date.UTC(2026, 0, day)).toISOString() });
  const configure = async (file: string, port: number): Promise<string> => {
    const source = `{name: main, kind: oci, host: "${registry.host}", insecure: true, repositories: [executor-ml], interval: 1s}`;
    const text = `listen: {host: 127.0.0.1, port: ${port}}\nstore: "sqlite:${file}.db"\nchecks: none\nsources: [${source}]\n`;
    await writeFile(file, text);
    return file;
  };
  const nextFile = (): string => join(folder, `service-${(files += 1)}.yaml`);
  /** A service with a store of its own. */
  const started = async (file = nextFile()): Promise<Serving> => serving(await configure(file, 0));
  const kill = async (service: Serving): Promise<void> => {
    service.signal("SIGKILL");
    assert.deepEqual(await service.ended, { code: null, signal: "SIGKILL" });
  };
  const clock = manualClock();
  /** The service answers in its own time, which may not be longer than this clock's. */
  const PATIENT = { events: false, timeout: 365 * 24 * HOUR };
  const dispatcher = (options: RegistryOptions): Resolver & AsyncDisposable => {
    const resolver = createResolver({ environment: "production", registry: { ...PATIENT, ...options }, clock });
    return Object.assign(resolver, { [Symbol.asyncDispose]: () => resolver.close() });
  };

  /** Lets time pass bit by bit until it holds. */
  const passUntil = (holds: () => Promise<boolean>): Promise<void> =>
    until(async () => {
      await clock.advance(100);
      return holds();
    });

  test("has the last answer, with its age, and new ones once the service is back where it was", async () => {
    const file = nextFile();
    await using service = await started(file);
    // What the image can do is found out a moment later, and changes the answer once more.
    await using first = dispatcher({ url: service.url });
    await passUntil(async () => !/not looked at yet/.test((await first.resolve("ml")).capabilitiesIncomplete ?? ""));
    await using resolver = dispatcher({ url: service.url });
    const answer = await resolver.resolve("ml");
    assert.deepEqual([answer.version, answer.stale], ["1.0.0", false]);
    const confirmed = new Date(clock.now()).toISOString();
    await kill(service);
    await clock.advance(HOUR);
    assert.deepEqual(await resolver.resolve("ml"), { ...answer, stale: true, staleSince: confirmed });

    await using again = await serving(await configure(file, Number(new URL(service.url).port)));
    assert.equal(again.url, service.url);
    await passUntil(async () => !(await resolver.resolve("ml")).stale);
    assert.deepEqual(await resolver.resolve("ml"), answer, "the store has what was answered");
    await push("1.1.0", 2);
    await passUntil(async () => (await resolver.resolve("ml")).version === "1.1.0");
  });

  test("has an answer after a start of its own, from the file of last answers alone", async () => {
    await using service = await started();
    const cacheFile = join(folder, "answers");
    const first = dispatcher({ url: service.url, cacheFile });
    const { image } = await first.resolve("ml");
    await first.close();
    await kill(service);
    await using later = dispatcher({ url: service.url, cacheFile });
    const answer = await later.resolve("ml");
    assert.deepEqual([answer.image, answer.stale], [image, true]);
    await using without = dispatcher({ url: service.url });
    await assert.rejects(without.resolve("ml"), { code: "unreachable" });
  });

  test("has fresh answers of another service, where it knows one", async () => {
    await using service = await started();
    await using other = await started();
    await using resolver = dispatcher({ url: [service.url, other.url] });
    const { image } = await resolver.resolve("ml");
    await kill(service);
    await clock.advance(HOUR);
    const answer = await resolver.resolve("ml");
    assert.deepEqual([answer.image, answer.stale], [image, false]);
  });

  test("has none any more once the last is older than allowed", async () => {
    await using service = await started();
    await using resolver = dispatcher({ url: service.url, maxStale: HOUR });
    await resolver.resolve("ml");
    await kill(service);
    await clock.advance(HOUR - 1);
    assert.equal((await resolver.resolve("ml")).stale, true);
    await clock.advance(1);
    await assert.rejects(resolver.resolve("ml"), { name: "TooStaleError", code: "too-stale", retryable: true });
  });
});
