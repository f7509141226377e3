import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { verifyChain } from "../../journal/chain.ts";
import { sqlitePlace } from "../testing/sqlite-place.ts";

const run = promisify(execFile);
const script = (name: string): string[] => [
  "--conditions=executor-registry-source",
  "--disable-warning=ExperimentalWarning",
  fileURLToPath(new URL(`../testing/${name}`, import.meta.url)),
];

/** Starts a writer and kills it as soon as it has been told so many times that something is written. */
async function killWriter(file: string, actor: string, acknowledgements: number): Promise<number> {
  const writer = spawn(process.execPath, [...script("writer.ts"), `sqlite:${file}`, actor], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(writer, "close");
  let acknowledged = 0;
  let count = 0;
  for await (const line of createInterface(writer.stdout)) {
    acknowledged = Number(line);
    // What was acknowledged until the signal arrives counts too: it is read on until the pipe ends.
    if (++count === acknowledgements) writer.kill("SIGKILL");
  }
  assert.deepEqual(await ended, [null, "SIGKILL"]);
  return acknowledged;
}

describe("a SQLite journal", () => {
  test("has everything that was acknowledged, whenever its process is killed", async () => {
    await using place = await sqlitePlace();
    for (let round = 0; round < 20; round++) {
      const acknowledged = await killWriter(place.file, `round-${round}`, 1 + Math.floor(Math.random() * 60));
      const store = await place.open();
      const { sequence } = verifyChain(await store.read(0, 1_000_000));
      assert.ok(sequence >= acknowledged, `round ${round}: ${acknowledged} were acknowledged, ${sequence} are there`);
      const batches = (await store.list({ actor: `round-${round}`, limit: 1_000_000 })).length % 44;
      assert.ok(batches < 5, `round ${round}: a batch is there in part, with ${batches} entries over`);
      await store.close();
    }
  });

  test("takes the entries of two processes at once and loses none", async () => {
    await using place = await sqlitePlace();
    const write = (actor: string) =>
      run(process.execPath, [...script("writer.ts"), `sqlite:${place.file}`, actor, "50"]);
    const outputs = await Promise.all([write("one"), write("other")]);
    const store = await place.open();
    const entries = await store.read(0, 10_000);
    verifyChain(entries);
    assert.equal(entries.length, 2 * 10 * 44);
    for (const [at, actor] of ["one", "other"].entries()) {
      const own = new Set(entries.filter((entry) => entry.actor === actor).map(({ sequence }) => sequence));
      const acknowledged = outputs[at]?.stdout.trim().split("\n").map(Number) ?? [];
      assert.equal(own.size, 440);
      assert.equal(acknowledged.length, 50);
      assert.ok(acknowledged.every((sequence) => own.has(sequence)));
    }
    await store.close();
  });

  test(
    "says that the disk is full, keeps what it has, and goes on when there is room",
    { skip: noVolume() },
    async () => {
      await using place = await sqlitePlace();
      const inVolume = 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@" "$0"';
      const args = [...UNSHARE, "sh", "-c", inVolume, place.folder, process.execPath, ...script("full-disk.ts")];
      const { stdout } = await run("unshare", args);
      const { appended, code, message, retryable, full, kept, after } = JSON.parse(stdout);
      assert.ok(appended > 0);
      assert.deepEqual([code, retryable], ["store", true]);
      assert.match(message, /catalogue\.db: the disk is full; free some space/);
      assert.deepEqual(full, { sequence: appended * 100, tags: appended * 100 });
      assert.equal(kept, appended * 100);
      assert.deepEqual(after, { sequence: appended * 100 + 100, tags: appended * 100 + 100 });
    },
  );
});

/** A name space of mounts for one process, so that a volume vanishes with it; needs no privileges where users have these. */
const UNSHARE = ["--map-root-user", "--mount"];

function noVolume(): string | false {
  try {
    execFileSync("unshare", ["--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/tmp"], {
      stdio: "ignore",
    });
    return false;
  } catch {
    return "this machine lets nobody mount a small volume to fill (unshare --map-root-user --mount)";
  }
}
