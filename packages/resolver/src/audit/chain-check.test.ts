import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type ChainedEntry, EMPTY_HEAD, hashOf, sealedText } from "./chain.ts";
import { ChainCheck, findingsInWords } from "./chain-check.ts";
import { checkpointText } from "./checkpoint.ts";
import { checkExport } from "./export-file.ts";
import { noteSigner } from "./signed-note.ts";

type Entry = ChainedEntry & { readonly actor?: string };

/** An entry after others. */
function next(entries: readonly Entry[], change: Entry["change"] & object, actor = "source:main"): Entry {
  const { sequence, hash } = entries.at(-1) ?? EMPTY_HEAD;
  const entry = { sequence: sequence + 1, at: "2026-11-23T00:00:00.000Z", actor, change, previous: hash };
  return { ...entry, hash: hashOf(sealedText(entry)) };
}

const keyPair = () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { signer: noteSigner("test", String(privateKey.export({ type: "pkcs8", format: "pem" }))), publicKey };
};
const [mine, theirs] = [keyPair(), keyPair()];

/** Ten entries, of which the sixth is a checkpoint. */
function journal({ signer } = mine): Entry[] {
  const entries: Entry[] = [];
  while (entries.length < 10) {
    const { sequence, hash } = entries.at(-1) ?? EMPTY_HEAD;
    const at = "2026-11-23T00:00:00.000Z";
    const note = signer.sign(checkpointText({ origin: "test", sequence, hash, at }));
    const checkpoint = { kind: "checkpoint", note };
    entries.push(next(entries, sequence === 5 ? checkpoint : { kind: "image-tagged" }));
  }
  return entries;
}

describe("an exported journal", () => {
  let folder: string;
  before(async () => void (folder = await mkdtemp(join(tmpdir(), "export-"))));
  after(() => rm(folder, { recursive: true }));

  /** What verification says of a file of these lines. */
  async function verified(lines: readonly (object | string)[], ...keys: KeyObject[]): Promise<string[] | string> {
    const file = join(folder, "journal.ndjson");
    await writeFile(file, lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));
    const check = new ChainCheck(keys);
    try {
      await checkExport(file, check, new AbortController().signal);
      return findingsInWords(check, "it");
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      assert.equal(code, "broken-journal", String(error));
      return message.replaceAll(/[0-9a-f]{64}/g, "HASH");
    }
  }

  test("that is whole holds, with and without keys", async () => {
    const hash = journal().at(-1)?.hash;
    const entries = `it: entries 1 to 10 are as written; the last has hash ${hash}`;
    const covers = "the last covers entries up to 5, at 2026-11-23T00:00:00.000Z; 4 came after it";
    assert.deepEqual(await verified(journal()), [
      entries,
      `1 checkpoint, whose signatures were not looked at: give the public key with --key; ${covers}`,
    ]);
    assert.deepEqual(await verified(journal(), theirs.publicKey, mine.publicKey), [
      entries,
      `1 checkpoint, signed by the keys given; ${covers}`,
    ]);
    assert.deepEqual(await verified([]), ["it: there are no entries"]);
  });

  test("may begin later, and says so", async () => {
    const [first = ""] = await verified(journal().slice(3));
    assert.match(first, /^it: entries 4 to 10 .*; what lies before entry 4 was not looked at$/);
  });

  test("may repeat what was delivered twice, unless it differs then", async () => {
    const entries = journal();
    const twice = [...entries.slice(0, 7), ...entries.slice(4)];
    assert.match((await verified(twice))[0] ?? "", /entries 1 to 10/);
    const changed = { ...entries[5], actor: "user:mallory" };
    assert.match(String(await verified([...entries.slice(0, 7), changed])), /its hash should be HASH, but/);
  });

  const damages: Readonly<Record<string, [(entries: Entry[]) => readonly (object | string)[], string]>> = {
    "a changed member": [
      (entries) => entries.with(2, { ...(entries[2] as Entry), actor: "user:mallory" }),
      "line 3: the journal is broken at entry 3: its hash should be HASH, but what it says hashes to HASH",
    ],
    "a missing entry": [
      (entries) => entries.toSpliced(2, 1),
      "line 3: the journal is broken at entry 3: in its place is an entry that says it is number 4",
    ],
    "a missing checkpoint": [
      (entries) => entries.toSpliced(5, 1),
      "line 6: the journal is broken at entry 6: in its place is an entry that says it is number 7",
    ],
    "half a line": [
      (entries) => [...entries, JSON.stringify(entries[3]).slice(0, 50)],
      "line 11 is no entry of a journal",
    ],
    "another document": [() => ["[]"], "line 1 is no entry of a journal"],
  };
  for (const [name, [damage, message]] of Object.entries(damages)) {
    test(`with ${name} is refused, and where is said`, async () => {
      assert.equal(await verified(damage(journal())), message);
    });
  }

  test("that was written anew from the first entry on is found out by its checkpoint's signature alone", async () => {
    const forged = journal(theirs);
    assert.match((await verified(forged))[0] ?? "", /entries 1 to 10 are as written/);
    assert.match(
      String(await verified(forged, mine.publicKey)),
      /^line 6: the journal is broken at entry 6: its checkpoint is signed by another key than those given \(test\+[0-9a-f]{8}\)/,
    );
  });

  test("whose checkpoint is of another journal, or of another place, is refused", async () => {
    const [here, there] = [journal(), journal()];
    const checkpoint = here[5] as Entry;
    const moved = [...there.slice(0, 6), next(there.slice(0, 6), checkpoint.change)];
    assert.match(
      String(await verified(moved)),
      /broken at entry 7: its checkpoint is of entry 5 with hash HASH, not of/,
    );
    const none = [...here, next(here, { kind: "checkpoint" })];
    assert.match(String(await verified(none)), /broken at entry 11: it should hold a checkpoint, and does not/);
  });

  test("without a checkpoint is not signed, whatever key is given", async () => {
    assert.match(String(await verified(journal().slice(0, 5), mine.publicKey)), /no checkpoint is among them/);
  });
});
