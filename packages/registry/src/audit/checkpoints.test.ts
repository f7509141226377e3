import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { exampleService } from "../../../../testing/example-service.ts";
import { runHere } from "../testing/process-io.ts";

interface CheckpointsPage {
  readonly checkpoints: readonly {
    readonly entry: number;
    readonly origin: string;
    readonly sequence: number;
    readonly note: string;
  }[];
  readonly publicKey?: string;
}

describe("signed checkpoints", { timeout: 60_000 }, () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "checkpoints-"));
    for (const [name, { privateKey, publicKey }] of [
      ["old", generateKeyPairSync("ed25519")],
      ["new", generateKeyPairSync("ec", { namedCurve: "P-256" })],
    ] as const) {
      await writeFile(at(`${name}.pem`), privateKey.export({ type: "pkcs8", format: "pem" }));
      await writeFile(at(`${name}.pub`), publicKey.export({ type: "spki", format: "pem" }));
    }
  });
  after(() => rm(folder, { recursive: true }));

  const config = (key: string, more = ""): string =>
    `store: "sqlite:${at("catalogue.db")}"
audit: { origin: registry.test/production, checkpoints: { key: { file: ${at(key)} }, every: 1s } }
${more}`;
  const page = async (url: string): Promise<CheckpointsPage> =>
    (await (await fetch(`${url}/journal/checkpoints`)).json()) as CheckpointsPage;
  const verify = (...args: string[]) => runHere(["journal", "verify", ...args]);
  const stored = (): string[] => ["--store", `sqlite:${at("catalogue.db")}`];
  const exported = (): string[] => ["--export", at("journal.ndjson")];

  /** Serves until there are so many checkpoints, and exports the journal. */
  async function served(count: number, text: string): Promise<CheckpointsPage> {
    await using service = await exampleService(text);
    let found = await page(service.url);
    while (found.checkpoints.length < count) found = await page(service.url);
    await writeFile(at("journal.ndjson"), await (await fetch(`${service.url}/journal?format=ndjson`)).text());
    return found;
  }

  test("are written, listed, and verified in the store and in an exported file", async () => {
    const { checkpoints, publicKey } = await served(1, config("old.pem"));
    const [{ entry, origin, sequence, note } = {} as CheckpointsPage["checkpoints"][0]] = checkpoints;
    assert.deepEqual([origin, sequence], ["registry.test/production", entry - 1]);
    assert.match(note, /^registry\.test\/production\n\d+\n\S{44}\ntime \S+\n\n— registry\.test\/production \S+\n$/);
    assert.match(publicKey ?? "", /^-----BEGIN PUBLIC KEY-----/);
    for (const where of [stored(), exported()]) {
      const { code, stdout, stderr } = await verify(...where, "--key", at("old.pub"));
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(
        stdout,
        /: entries 1 to \d+ are as written; .*\n1 checkpoint, signed by the keys given; the last covers/,
      );
      const other = await verify(...where, "--key", at("new.pub"));
      assert.equal(other.code, 1);
      assert.match(other.stderr, new RegExp(`broken at entry ${entry}: its checkpoint is signed by another key`));
    }
  });

  test("are verified by the keys of both times after the key was replaced", async () => {
    // Checks that come into force are written down, so that there is something to sign.
    const { checkpoints } = await served(2, config("new.pem", "checks: { approvedNamespaces: [docker.io/library/*] }"));
    assert.equal(checkpoints.length, 2);
    for (const where of [stored(), exported()]) {
      const { code, stdout } = await verify(...where, "--key", at("new.pub"), "--key", at("old.pub"));
      assert.equal(code, 0);
      assert.match(stdout, /\n2 checkpoints, signed by the keys given/);
      assert.equal((await verify(...where, "--key", at("new.pub"))).code, 1);
    }
  });

  test("are not written while nothing else is", async () => {
    const { checkpoints } = await served(2, config("new.pem", "checks: { approvedNamespaces: [docker.io/library/*] }"));
    assert.equal(checkpoints.length, 2);
  });

  test("are verified by what is named alone", async () => {
    const none = await verify(...exported(), "--key", at("none.pub"));
    assert.deepEqual([none.code, /none\.pub cannot be read/.test(none.stderr)], [2, true]);
    const both = await verify(...exported(), ...stored());
    assert.deepEqual([both.code, /--store has no meaning/.test(both.stderr)], [2, true]);
    const unused = await runHere(["config", "print", "--key", at("old.pub")]);
    assert.deepEqual([unused.code, /config print .*--key/.test(unused.stderr)], [2, true]);
  });

  test("need a key of a kind that can be verified, which no message repeats", async () => {
    await writeFile(at("bad.pem"), "s3cr3t");
    await assert.rejects(exampleService(config("bad.pem")), ({ message }: Error) => {
      assert.match(message, /audit\.checkpoints\.key: it is not a private key, Ed25519 or ECDSA P-256, in PEM/);
      return !message.includes("s3cr3t");
    });
  });
});
