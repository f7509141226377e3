import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { noPostgresServer, type PostgresServer, startPostgresServer } from "../../../testing/postgres-server.ts";
import { noRedisServer, type RedisServer, startRedisServer } from "../../../testing/redis-server.ts";
import { EMPTY_HEAD } from "./journal/chain.ts";
import type { Entry, JournalChange } from "./journal/entry.ts";
import { journalOf, sealedAfter, tagged } from "./journal/testing/toy.ts";
import { openStore } from "./stores/open.ts";
import { postgresPlace } from "./stores/testing/postgres-place.ts";
import { redisPlace } from "./stores/testing/redis-place.ts";
import { fakeIo, runHere } from "./testing/process-io.ts";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const node = ["--conditions=executor-registry-source", "--disable-warning=ExperimentalWarning"];

/** A journal with what a store may find hard to keep. */
function oddJournal(): Entry[] {
  const texts = ["Ω 漢字 🚀", "a\nb\u0000\u2028\u202e\u001b[31m", "half \ud83d", `"\\'`, "x".repeat(5 << 20)];
  const odd = texts.map((reason) => ({ ...tagged("ml", reason.slice(0, 5)), reason }));
  const numbered = {
    ...tagged("ml", "n"),
    change: { kind: "numbered", 2: "two", 1: "one", nested: { b: 1, a: null } },
  };
  return sealedAfter<JournalChange>(EMPTY_HEAD, [...odd, numbered, ...odd.slice(0, 4)]);
}

async function fill(address: string, entries: readonly Entry[], cursors: Readonly<Record<string, number>> = {}) {
  const store = await openStore(address);
  const { sequence } = await store.head();
  await store.append(await store.head(), entries.slice(sequence));
  for (const [name, at] of Object.entries(cursors)) await store.saveCursor(name, at);
  await store.close();
}

/** All that a store holds, as text. */
async function textOf(address: string): Promise<string[]> {
  const store = await openStore(address);
  const lines: string[] = [];
  for (;;) {
    const entries = await store.read(lines.length, 1000);
    if (entries.length === 0) break;
    lines.push(...entries.map((entry) => JSON.stringify(entry)));
  }
  await store.close();
  return lines;
}

const texts = (entries: readonly Entry[]): string[] => entries.map((entry) => JSON.stringify(entry));
const ndjson = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

let folder: string;
let postgres: PostgresServer | undefined;
let redis: RedisServer | undefined;
let made = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "store-copy-"));
  if (noPostgresServer === false) {
    const hba = [
      "local all all trust",
      "host all trusted 127.0.0.1/32 trust",
      "host all all 127.0.0.1/32 scram-sha-256",
    ];
    postgres = await startPostgresServer({ hba });
    postgres.sql("ALTER USER executor PASSWORD 'correct horse'; CREATE USER trusted SUPERUSER");
  }
  if (noRedisServer === false) redis = await startRedisServer();
});
after(async () => {
  await postgres?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Places for journals of their own, empty at first. */
const PLACES: Readonly<Record<string, { readonly skip: string | false; address(): string }>> = {
  SQLite: { skip: false, address: () => `sqlite:${join(folder, `${(made += 1)}.db`)}` },
  PostgreSQL: {
    skip: noPostgresServer,
    address: () => postgresPlace(`postgres://trusted@127.0.0.1:${postgres?.port}/executor`).address,
  },
  Redis: { skip: noRedisServer, address: () => redisPlace(redis?.host ?? "").address },
};
const sqlite = (): string => `sqlite:${join(folder, `${(made += 1)}.db`)}`;

describe("a journal that is moved", () => {
  for (const [fromName, from] of Object.entries(PLACES)) {
    for (const [toName, to] of Object.entries(PLACES)) {
      test(`from ${fromName} to ${toName} is the same there`, { skip: from.skip || to.skip }, async () => {
        const [first, second, third] = [from.address(), to.address(), from.address()];
        const entries = oddJournal();
        await fill(first, entries, { "forward:siem": 3, "it's Ω": 9, ahead: 700 });

        const moved = await runHere(["store", "migrate", first, second]);
        assert.deepEqual([moved.code, moved.stderr], [0, ""]);
        const { hash } = entries.at(-1)!;
        assert.ok(moved.stdout.includes(`entries 1 to 10 are there; the last has hash ${hash}; all were added\n`));
        assert.deepEqual(await textOf(second), texts(entries));
        const store = await openStore(second);
        assert.deepEqual(await store.head(), { sequence: 10, hash });
        const cursors = ["forward:siem", "it's Ω", "ahead", "other"].map((name) => store.cursor(name));
        assert.deepEqual(await Promise.all(cursors), [3, 9, 10, undefined]);
        await store.close();

        const file = join(folder, `${(made += 1)}.ndjson`);
        assert.equal((await runHere(["store", "export", second, "--output", file])).code, 0);
        assert.equal((await runHere(["store", "import", file, third])).code, 0);
        assert.deepEqual(await textOf(third), texts(entries));
        assert.equal((await runHere(["store", "export", third])).stdout, await readFile(file, "utf8"));
      });
    }
  }

  test("is written on while it is copied: a second time copies the rest", async () => {
    const [from, to] = [sqlite(), sqlite()];
    const writer = spawn(process.execPath, [...node, source("stores/testing/writer.ts"), from, "user:busy"]);
    await once(writer.stdout, "data");
    const first = await runHere(["store", "migrate", from, to]);
    assert.deepEqual([first.code, first.stderr], [0, ""]);
    assert.match(first.stdout, /may write on there: stop it, and do this again/);
    const copied = await textOf(to);
    while ((await textOf(from)).length <= copied.length) await once(writer.stdout, "data");
    const ended = once(writer, "exit");
    writer.kill("SIGKILL");
    await ended;
    assert.equal((await runHere(["store", "migrate", from, to])).code, 0);
    const all = await textOf(from);
    assert.ok(all.length > copied.length);
    assert.deepEqual(await textOf(to), all);
  });

  test(
    "is read from a configuration's store with its password, and written to one",
    { skip: noPostgresServer },
    async () => {
      const entries = journalOf(20);
      const from = sqlite();
      await fill(from, entries);
      const password = join(folder, "password");
      await writeFile(password, "correct horse\n");
      const config = join(folder, "postgres.yaml");
      const address = postgresPlace(postgres?.address ?? "").address;
      await writeFile(config, `sources: []\nstore: { address: "${address}", password: { file: "${password}" } }\n`);
      const refused = await runHere(["store", "verify", address]);
      assert.equal(refused.code, 1);

      const moved = await runHere(["store", "migrate", from, `config:${config}`]);
      assert.deepEqual([moved.code, moved.stderr], [0, ""]);
      const said = `entries 1 to 20 are as written; the last has hash ${entries.at(-1)?.hash}\n`;
      for (const words of [[`config:${config}`], ["--config", config]]) {
        const { code, stdout } = await runHere(["store", "verify", ...words]);
        assert.deepEqual([code, stdout.endsWith(said)], [0, true]);
      }
      assert.equal((await runHere(["store", "export", "--config", config])).stdout, ndjson(texts(entries)));
    },
  );
});

describe("store import", () => {
  const entries = journalOf(3500);
  const whole = ndjson(texts(entries));
  const imported = (text: string, to: string) =>
    // In pieces that end anywhere, as a pipe's do.
    runHere(
      ["store", "import", "-", to],
      fakeIo({ stdin: Readable.from(text.match(/[^]{1,60000}/g) ?? []).map(Buffer.from) }),
    );

  for (const [name, { skip, address }] of Object.entries(PLACES)) {
    test(`goes on where it was interrupted: ${name}`, { skip }, async () => {
      const to = address();
      const cut = await imported(whole.slice(0, whole.indexOf('{"sequence":2600,') + 100), to);
      assert.equal(cut.code, 1);
      assert.match(cut.stderr, /has entries 1 to 2000 by now; the same command goes on there\n/);
      assert.match(
        cut.stderr,
        /^error: line 2600 is no entry of a journal; it has no end, so the export is not whole$/m,
      );
      const rest = await imported(whole, to);
      assert.deepEqual([rest.code, rest.stderr], [0, ""]);
      assert.match(rest.stdout, /entries 1 to 3500 are there; .*; 1500 were added\n$/);
      assert.deepEqual(await textOf(to), texts(entries));
      assert.match((await imported(whole, to)).stdout, /; 0 were added\n$/);
    });

    test(`writes nothing from the first entry on that does not hold, and names it: ${name}`, { skip }, async () => {
      const to = address();
      const changed = whole.replace('"reason":"the tag 1.0.2499 moved"', '"reason":"the tag 1.0.2499 came"');
      const { code, stderr } = await imported(changed, to);
      assert.equal(code, 1);
      assert.match(stderr, /^error: line 2500: the journal is broken at entry 2500: its hash should be /m);
      assert.deepEqual(await textOf(to), texts(entries.slice(0, 2000)));
    });

    test(`refuses a store that holds another journal, or more: ${name}`, { skip }, async () => {
      const to = address();
      const other = [...entries.slice(0, 30), ...sealedAfter(entries[29]!, [tagged("ml", "other")])];
      await fill(to, other);
      const different = await imported(whole, to);
      assert.equal(different.code, 1);
      assert.match(different.stderr, /^error: .*: it holds another journal, first in entry 31: it has hash /);
      const shorter = await imported(ndjson(texts(entries.slice(0, 30))), to);
      assert.equal(shorter.code, 1);
      assert.match(shorter.stderr, /first in entry 31: it is not part of what is copied, which has 30 entries; /);
      assert.deepEqual(await textOf(to), texts(other));
    });
  }

  test("takes what was delivered twice once, and needs the first entry", async () => {
    const lines = texts(entries.slice(0, 100));
    const to = sqlite();
    const twice = await imported(ndjson([...lines.slice(0, 60), ...lines.slice(40)]), to);
    assert.deepEqual([twice.code, twice.stderr], [0, ""]);
    assert.deepEqual(await textOf(to), lines);
    const late = await imported(ndjson(lines.slice(40)), to);
    assert.equal(late.code, 2);
    assert.match(late.stderr, /^error: what is copied begins with entry 41; the whole journal is needed/);
  });

  test("adds nothing to a store whose own entries do not hold", async () => {
    const to = sqlite();
    await fill(to, [...entries.slice(0, 10), { ...entries[10]!, actor: "user:mallory" }, entries[11]!]);
    const { code, stderr } = await imported(whole, to);
    assert.equal(code, 1);
    assert.match(stderr, /^error: sqlite:.*: its entry 11 does not hold, so nothing is added: its hash should be /);
    assert.equal((await textOf(to)).length, 12);
  });

  test("is whole after it was killed and done again", async () => {
    const address = sqlite();
    const command = [...node, source("command/main.ts"), "store", "import", "-", address];
    const killed = spawn(process.execPath, command, { stdio: ["pipe", "inherit", "inherit"] });
    // It ends before it has read all of it.
    killed.stdin.on("error", () => {});
    killed.stdin.write(ndjson(texts(entries.slice(0, 2500))));
    const written = async (): Promise<number> => {
      const marker = await readFile(`${address.slice("sqlite:".length)}-head`, "utf8").catch(() => "0");
      return Number(marker.trim().split(" ")[0]);
    };
    while ((await written()) < 2000);
    const ended = once(killed, "exit");
    killed.kill("SIGKILL");
    await ended;
    assert.match((await imported(whole, address)).stdout, /entries 1 to 3500 are there; .*; 1500 were added\n$/);
    assert.deepEqual(await textOf(address), texts(entries));
  });

  for (const [words, code, problem] of [
    [["-"], 2, /store import needs ADDRESS/],
    [["/nowhere.ndjson", "sqlite:FOLDER/x.db"], 2, /\/nowhere\.ndjson cannot be read: ENOENT/],
    [["-", "memory:"], 2, /a store in memory ends with its process/],
    [["-", "config:/nowhere.yaml"], 2, /\/nowhere\.yaml.*cannot be read \(ENOENT\)/s],
  ] as const) {
    test(`refuses ${words.join(" ")}`, async () => {
      const ran = await runHere(["store", "import", ...words.map((word) => word.replace("FOLDER", folder))]);
      assert.equal(ran.code, code);
      assert.match(ran.stderr, problem);
    });
  }
});
