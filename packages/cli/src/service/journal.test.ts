import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "@executor-registry/resolver";
import type { Outcome } from "../../../../testing/cli.ts";
import { exampleService } from "../../../../testing/example-service.ts";
import { fakeIo, runHere } from "../testing/fake-io.ts";

describe("the journal of a registry service", { timeout: 60_000 }, () => {
  let service: Awaited<ReturnType<typeof exampleService>>;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "cli-journal-"));
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    await writeFile(join(folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    await writeFile(join(folder, "key.pub"), publicKey.export({ type: "spki", format: "pem" }));
    service = await exampleService(`audit: { checkpoints: { key: { file: ${join(folder, "key.pem")} }, every: 1s } }`);
    const checkpoints = async () =>
      (await (await fetch(`${service.url}/journal/checkpoints`)).text()).includes('"note"');
    while (!(await checkpoints()));
  });
  after(async () => {
    await service.close();
    await rm(folder, { recursive: true });
  });
  const ask = (...args: string[]): Promise<Outcome> =>
    runHere(["journal", ...args, "--registry", service.url], fakeIo({ clock: systemClock }));
  const entries = ({
    stdout,
  }: Outcome): { sequence: number; actor: string; change: { kind: string; digest?: string } }[] =>
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as never);

  test("is written as NDJSON, oldest first, and filtered", async () => {
    const all = entries(await ask("-o", "ndjson"));
    assert.deepEqual(
      all.map(({ sequence }) => sequence),
      all.map((_, at) => at + 1),
    );
    const digest = all.find(({ change }) => change.digest !== undefined)?.change.digest ?? "";
    const some = entries(await ask("-o", "ndjson", "--digest", digest, "--limit", "1"));
    assert.deepEqual(
      some.map(({ change }) => change.digest),
      [digest],
    );
    assert.equal((await ask("-o", "ndjson", "--until", "2020-01-01")).stdout, "");
    assert.equal((await ask("-o", "json", "--until", "2020-01-01")).stdout, "[]\n");
  });

  test("is written as CSV", async () => {
    const { stdout } = await ask("--output=csv", "--kind", "checkpoint");
    const [header, row, ...rest] = stdout.split("\r\n");
    assert.match(header ?? "", /^sequence,at,actor,kind/);
    assert.match(row ?? "", /^\d+,"[^"]+","system","checkpoint",/);
    assert.deepEqual(rest, [""]);
  });

  test("is verified through the service, and as a file without it", async () => {
    const key = ["--key", join(folder, "key.pub")];
    const { code, stdout, stderr } = await ask("verify", ...key);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(
      stdout,
      /^the service's journal: entries 1 to \d+ are as written; .*\n1 checkpoint, signed by the keys given/,
    );
    const file = join(folder, "journal.ndjson");
    const exported = (await ask("-o", "ndjson")).stdout;
    await writeFile(file, exported);
    const offline = await runHere(["journal", "verify", "--export", file, ...key], fakeIo());
    assert.deepEqual([offline.code, offline.stderr], [0, ""]);
    await writeFile(file, exported.replace('"actor":"source:examples"', '"actor":"user:mallory"'));
    const broken = await runHere(["journal", "verify", "--export", file, ...key], fakeIo());
    assert.equal(broken.code, 1);
    assert.match(broken.stderr, /^error: line \d+: the journal is broken at entry \d+: its hash should be/);
  });

  test("says which flags have no meaning, and what is no key", async () => {
    for (const [args, message] of [
      [["verify", "--type", "ml"], /journal verify takes no flag --type/],
      [["--key", "x"], /journal takes no flag --key/],
      [["-o", "xml"], /is not one of table.*ndjson, csv/],
      [["verify", "--key", join(folder, "none.pub")], /none\.pub cannot be read/],
      [["--until", "soon"], /--until soon is neither/],
    ] as const) {
      const { code, stderr } = await ask(...args);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, message);
    }
  });
});
