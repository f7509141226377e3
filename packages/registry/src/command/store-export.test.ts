import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { startServer } from "../../../../testing/cli.ts";
import { journalOf } from "../journal/testing/toy.ts";
import { openStore } from "../stores/open.ts";
import { runHere } from "../testing/process-io.ts";

const entries = journalOf(3000);
const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`);

let folder: string;
let sound: string;
/** Entry 2500 was changed, 2600 says that it is the first, 2700 is gone. */
let damaged: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "store-export-"));
  [sound, damaged] = ["sound", "damaged"].map((name) => `sqlite:${join(folder, `${name}.db`)}`) as [string, string];
  for (const address of [sound, damaged]) {
    const store = await openStore(address);
    await store.append(await store.head(), entries);
    await store.close();
  }
  const meddler = new DatabaseSync(join(folder, "damaged.db"));
  meddler.exec("UPDATE entries SET entry = replace(entry, 'source:toy', 'source:mallory') WHERE sequence = 2500");
  meddler.exec(`UPDATE entries SET entry = replace(entry, '"sequence":2600', '"sequence":1') WHERE sequence = 2600`);
  meddler.exec("DELETE FROM entries WHERE sequence = 2700");
  meddler.close();
});
after(() => rm(folder, { recursive: true }));

describe("store verify", () => {
  test("says how many entries there are, and the last one's hash", async () => {
    const { code, stdout, stderr } = await runHere(["store", "verify", sound]);
    const said = `${sound}: entries 1 to 3000 are as written; the last has hash ${entries.at(-1)?.hash}\n`;
    assert.deepEqual([code, stdout, stderr], [0, said, ""]);
  });

  for (const words of [
    ["store", "verify"],
    ["journal", "verify", "--store"],
  ]) {
    test(`shows the first entry that does not hold, and its neighbours: ${words.join(" ")}`, async () => {
      const { code, stdout, stderr } = await runHere([...words, damaged]);
      assert.equal(code, 1);
      const [holds, before, broken, next, end] = stdout.split("\n");
      assert.equal(holds, `${damaged}: entries 1 to 2499 are as written; the last has hash ${entries[2498]?.hash}`);
      assert.match(before ?? "", /^before: \{"sequence":2499,/);
      assert.match(broken ?? "", /^broken: \{"sequence":2500,.*"actor":"source:mallory",.*"kind":"image-tagged"/);
      assert.match(next ?? "", /^after: {2}\{"sequence":2501,/);
      assert.equal(end, "");
      assert.match(stderr, /^error: the journal is broken at entry 2500: its hash should be [0-9a-f]{64}, but what it/);
    });
  }

  test("has what cannot be read, or is missing, between its neighbours", async () => {
    const repaired = join(folder, "repaired.db");
    const store = await openStore(`sqlite:${repaired}`);
    await store.append(await store.head(), entries.slice(0, 30));
    await store.close();
    const database = new DatabaseSync(repaired);
    database.exec("DELETE FROM entries WHERE sequence = 20");
    const missing = await runHere(["store", "verify", `sqlite:${repaired}`]);
    assert.match(missing.stdout, /\nbroken: entry 20 is missing, or cannot be read\nafter: {2}\{"sequence":21,/);
    database.exec("DELETE FROM entries WHERE sequence = 1");
    database.close();
    const first = await runHere(["store", "verify", `sqlite:${repaired}`]);
    assert.match(
      first.stdout,
      /: no entry holds\nbroken: entry 1 is missing, or cannot be read\nafter: {2}\{"sequence":2,/,
    );
    assert.match(first.stderr, /^error: the journal is broken at entry 1: in its place is an entry .* number 2/);
  });
});

describe("store export", () => {
  test("prints every entry as it is, and on the other stream what it found", async () => {
    const { code, stdout, stderr } = await runHere(["store", "export", sound]);
    assert.deepEqual([code, stdout], [0, lines.join("")]);
    assert.match(stderr, /^sqlite:.*: entries 1 to 3000 are as written; the last has hash [0-9a-f]{64}\n$/);
  });

  test("writes a file for its owner alone, which `journal verify` reads, and replaces one only when told to", async () => {
    const file = join(folder, "journal.ndjson");
    const made = await runHere(["store", "export", sound, "--output", file]);
    assert.deepEqual([made.code, made.stderr], [0, ""]);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal(await readFile(file, "utf8"), lines.join(""));
    assert.equal((await runHere(["journal", "verify", "--export", file])).code, 0);

    await writeFile(file, "kept\n");
    const refused = await runHere(["store", "export", sound, "--output", file]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^error: .*journal\.ndjson is there already; --force replaces it\n/);
    assert.equal(await readFile(file, "utf8"), "kept\n");
    assert.equal((await runHere(["store", "export", sound, "--output", file, "--force"])).code, 0);
    assert.equal(await readFile(file, "utf8"), lines.join(""));
  });

  test("of a broken journal leaves no file, and the one that was there as it was", async () => {
    const out = join(folder, "out");
    await mkdir(out);
    const file = join(out, "journal.ndjson");
    const run = (...more: string[]) => runHere(["store", "export", damaged, "--output", file, ...more]);
    const { code, stderr } = await run();
    assert.equal(code, 1);
    assert.match(stderr, /^error: the journal is broken at entry 2500: /);
    assert.deepEqual(await readdir(out), []);
    await writeFile(file, "kept\n");
    assert.equal((await run("--force")).code, 1);
    assert.deepEqual(await readdir(out), ["journal.ndjson"]);
    assert.equal(await readFile(file, "utf8"), "kept\n");
  });

  test("of a broken journal to standard output ends with the entry before it, and with 1", async () => {
    const { code, stdout } = await runHere(["store", "export", damaged]);
    assert.equal(code, 1);
    assert.equal(stdout, lines.slice(0, stdout.split("\n").length - 1).join(""));
    assert.ok(!stdout.includes("mallory"));
  });

  test("ends quietly when its reader goes away", async () => {
    const child = startServer(["store", "export", sound]);
    let problem = "";
    child.stderr!.on("data", (chunk) => (problem += String(chunk)));
    await once(child.stdout!, "data");
    child.stdout!.destroy();
    assert.deepEqual([await once(child, "close"), problem], [[141, null], ""]);
  });

  for (const [words, problem] of [
    [["memory:"], /a store in memory ends with its service, and cannot be read from outside it/],
    [["sqlite:FOLDER/none.db"], /none\.db: it cannot be opened/],
    [["SOUND", "--output", "/dev/null", "--force"], /\/dev\/null is not a regular file/],
    [["SOUND", "--output", "FOLDER/none/x.ndjson"], /x\.ndjson cannot be written: ENOENT/],
    [["SOUND", "--store", "x"], /store export takes no flag --store/],
    [["SOUND", "more"], /store export takes no argument "more"/],
  ] as const) {
    test(`refuses ${words.join(" ")}`, async () => {
      const given = words.map((word) => word.replace("FOLDER", folder).replace("SOUND", sound));
      const { code, stderr } = await runHere(["store", "export", ...given]);
      assert.notEqual(code, 0);
      assert.match(stderr, problem);
    });
  }
});
