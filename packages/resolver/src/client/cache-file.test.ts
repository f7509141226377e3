import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstat, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { production, until } from "../../../../testing/production-resolver.ts";
import { documentOf } from "../../../../testing/registry-double.ts";

describe("the file of last answers", () => {
  let folder: string;
  let cacheFile: string;
  let files = 0;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "cache-file-"))));
  after(() => rm(folder, { recursive: true }));
  const nextFile = (): string => (cacheFile = join(folder, `answers-${(files += 1)}`));

  test("lets a resolver answer that starts while the service is away, visibly stale", async () => {
    await using world = await production({ cacheFile: nextFile() });
    const { clock, registry, resolver } = world;
    const confirmed = new Date(clock.now()).toISOString();
    const answers = await resolver.list();
    await resolver.close();
    await registry.stop();
    await clock.advance(1000);
    const later = world.another();
    assert.deepEqual(await later.resolve("ml"), { ...answers[0], stale: true, staleSince: confirmed });
    assert.deepEqual(
      (await later.list()).map(({ type, stale }) => [type, stale]),
      [
        ["ml", true],
        ["nlp", true],
      ],
    );
    // Each run is a subject of its own, and none was seen before.
    assert.equal((await later.resolve("nlp", { subject: "run-1" })).stale, true);
  });

  test("counts for nothing while the service answers, but costs only its confirmation", async () => {
    await using world = await production({ cacheFile: nextFile() });
    await world.resolver.resolve("ml");
    await world.resolver.resolve("nlp");
    await world.resolver.close();
    world.registry.set("ml", documentOf("ml", "executor-ml:1.1"));
    const later = world.another();
    assert.equal((await later.resolve("ml")).version, "1.1");
    assert.equal((await later.resolve("nlp")).stale, false);
    assert.equal(world.registry.received.at(-1)?.status, 304);
  });

  test("grows too old as the answers in memory do", async () => {
    await using world = await production({ cacheFile: nextFile() });
    await world.resolver.resolve("ml");
    await world.resolver.close();
    await world.registry.stop();
    await world.clock.advance(24 * 3_600_000);
    await assert.rejects(world.another().resolve("ml"), { code: "too-stale" });
  });

  test("is written as answers come, nobody else can read it, and nothing else is left", async () => {
    await using world = await production({ cacheFile: nextFile() });
    await world.resolver.resolve("ml");
    await until(() =>
      stat(cacheFile).then(
        () => true,
        () => false,
      ),
    );
    assert.equal((await stat(cacheFile)).mode & 0o777, 0o600);
    await world.resolver.resolve("nlp");
    await world.clock.advance(60_000);
    await until(async () => (await readFile(cacheFile, "utf8")).includes("executor-nlp"));
    assert.deepEqual((await readdir(folder)).filter((name) => cacheFile.includes(name.split(".")[0] ?? "")).length, 1);
  });

  for (const [what, change] of [
    ["empty", () => ""],
    ["cut short in its first line", (text: string) => text.slice(0, 10)],
    ["of another format", (text: string) => text.replace('"format":3', '"format":2')],
    ["another service's", (text: string) => text.replace(/"urls":\["[^"]*"/, '"urls":["https://other.example/"')],
  ] as const) {
    test(`is passed over with a warning when it is ${what}`, async () => {
      await using world = await production({ cacheFile: nextFile() });
      await world.resolver.resolve("ml");
      await world.resolver.close();
      await world.registry.stop();
      await writeFile(cacheFile, change(await readFile(cacheFile, "utf8")));
      await assert.rejects(world.another().resolve("ml"), { code: "unreachable" });
      assert.deepEqual(
        world.logged.filter((line) => line.includes("file")),
        ["warn the file of last answers is passed over"],
      );
    });
  }

  test("red-06: an answer of it that was damaged is passed over, and the others count", async () => {
    await using world = await production({ cacheFile: nextFile() });
    await world.resolver.list();
    await world.resolver.close();
    await world.registry.stop();
    const text = await readFile(cacheFile, "utf8");
    await writeFile(cacheFile, text.replace("executor-ml@sha256:", "executor-evil@sha256:"));
    const another = world.another();
    assert.equal((await another.resolve("nlp")).stale, true);
    await assert.rejects(another.resolve("ml"), { code: "unreachable" });
    assert.ok(world.logged.includes("warn damaged answers in the file of last answers are passed over"));
  });

  test("red-06: of a file that was cut short, what stands before the cut counts", async () => {
    await using world = await production({ cacheFile: nextFile() });
    await world.resolver.list();
    await world.resolver.close();
    await world.registry.stop();
    const text = await readFile(cacheFile, "utf8");
    await writeFile(cacheFile, text.slice(0, -10));
    const known = await world.another().list();
    assert.equal(known.length, 1);
    assert.ok(world.logged.includes("warn damaged answers in the file of last answers are passed over"));
  });

  test("red-06: what is no file is neither waited for nor replaced", { timeout: 30_000 }, async () => {
    const pipe = nextFile();
    execFileSync("mkfifo", [pipe]);
    await using world = await production({ cacheFile: pipe });
    assert.equal((await world.resolver.resolve("ml")).stale, false);
    await world.resolver.close();
    assert.ok((await lstat(pipe)).isFIFO());
    assert.ok(world.logged.includes("warn the file of last answers is passed over"));
    assert.ok(world.logged.includes("warn the last answers cannot be kept in a file"));
  });

  test("red-20: keeps what another process wrote to it, and drops what is known to be gone", async () => {
    await using world = await production({ cacheFile: nextFile() });
    const other = world.another();
    await world.resolver.resolve("ml");
    await world.resolver.close();
    await other.resolve("nlp");
    await other.close();
    const types = async (): Promise<string[]> =>
      [...(await readFile(cacheFile, "utf8")).matchAll(/"document":\{"type":"([a-z]+)"/g)]
        .map(([, type = ""]) => type)
        .sort();
    assert.deepEqual(await types(), ["ml", "nlp"]);
    world.registry.set("nlp", undefined);
    await world.clock.advance(60_000);
    const third = world.another();
    await assert.rejects(third.resolve("nlp"), { code: "unknown-type" });
    await third.close();
    assert.deepEqual(await types(), ["ml"]);
  });

  test("that cannot be written harms nothing and is warned of", async () => {
    await using world = await production({ cacheFile: join(folder, "no", "such", "folder") });
    assert.equal((await world.resolver.resolve("ml")).stale, false);
    await world.resolver.close();
    assert.ok(world.logged.includes("warn the last answers cannot be kept in a file"));
  });
});
