import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@executor-registry/resolver";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { makeSigstore } from "../../../../../testing/sigstore.ts";
import { startTufRepository } from "../../../../../testing/tuf-repository.ts";
import { createVerifyThread } from "./thread.ts";
import { trustSource } from "./trusted-root.ts";

const HOUR = 3_600_000;
const { trustedRoot: first } = await makeSigstore();
const { trustedRoot: second } = await makeSigstore();
const certificatesOf = (json: string): readonly string[] =>
  (
    JSON.parse(json) as { certificateAuthorities: { certChain: { certificates: { rawBytes: string }[] } }[] }
  ).certificateAuthorities.flatMap(({ certChain }) => certChain.certificates.map(({ rawBytes }) => rawBytes));

async function folder(t: { after(fn: () => Promise<void>): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "tuf-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test("a trusted root comes from a TUF repository, and a new one some hours later", async (t) => {
  await using repository = await startTufRepository(first);
  const { url: mirror, root } = repository;
  const clock = manualClock();
  const source = trustSource({ tuf: { mirror, root, cache: await folder(t) } }, createVerifyThread(), clock);
  const before = await source.current(t.signal);
  assert.deepEqual(certificatesOf(before.json), certificatesOf(first));
  repository.publish(second);
  await clock.advance(5 * HOUR);
  assert.equal(await source.current(t.signal), before);
  await clock.advance(2 * HOUR);
  assert.deepEqual(certificatesOf((await source.current(t.signal)).json), certificatesOf(second));
});

test("while the repository is away, what it said serves on for a day, and no longer", async (t) => {
  await using repository = await startTufRepository(first);
  const { url: mirror, root } = repository;
  const clock = manualClock();
  const cache = await folder(t);
  const source = trustSource({ tuf: { mirror, root, cache } }, createVerifyThread(), clock);
  const before = await source.current(t.signal);
  repository.available = false;
  await rm(cache, { recursive: true });
  await clock.advance(23 * HOUR);
  assert.equal(await source.current(t.signal), before);
  await clock.advance(2 * HOUR);
  await assert.rejects(source.current(t.signal), { retryable: true });
  repository.available = true;
  assert.deepEqual(certificatesOf((await source.current(t.signal)).json), certificatesOf(first));
});

test("a start while the repository is away is served by the folder of its metadata, until that expires", async (t) => {
  await using repository = await startTufRepository(first);
  const { url: mirror, root } = repository;
  const cache = await folder(t);
  const started = () => trustSource({ tuf: { mirror, root, cache } }, createVerifyThread(), systemClock);
  await started().current(t.signal);
  repository.available = false;
  assert.deepEqual(certificatesOf((await started().current(t.signal)).json), certificatesOf(first));
  await assert.rejects(
    trustSource({ tuf: { mirror, root, cache: await folder(t) } }, createVerifyThread(), systemClock).current(t.signal),
    { code: "timeout" },
  );
});

test("expired metadata is not taken", async (t) => {
  await using repository = await startTufRepository(first);
  const { url: mirror, root } = repository;
  repository.publish(second, new Date(Date.now() - HOUR));
  const source = trustSource({ tuf: { mirror, root, cache: await folder(t) } }, createVerifyThread(), systemClock);
  await assert.rejects(source.current(t.signal), { code: "timeout" });
});

test("metadata that another root signed is not taken", async (t) => {
  await using repository = await startTufRepository(first);
  await using other = await startTufRepository(second);
  const tuf = { mirror: repository.url, root: other.root, cache: await folder(t) };
  await assert.rejects(trustSource({ tuf }, createVerifyThread(), systemClock).current(t.signal), { code: "timeout" });
});
