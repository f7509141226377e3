import assert from "node:assert/strict";
import { copyFile, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@executor-registry/resolver";
import { EMPTY_HEAD } from "../../journal/chain.ts";
import { journalOf } from "../../journal/testing/toy.ts";
import { conformance } from "../testing/conformance.ts";
import { sqlitePlace } from "../testing/sqlite-place.ts";
import { sqliteStore } from "./sqlite.ts";

conformance("sqlite:PATH", { place: sqlitePlace });

for (const [what, happens] of [
  ["deleted", (file: string) => rm(file)],
  ["replaced", (file: string) => copyFile(file, `${file}.copy`).then(() => rename(`${file}.copy`, file))],
] as const) {
  test(`nothing is acknowledged once the file was ${what}, and what is known is still read`, async (context) => {
    const folder = await mkdtemp(join(tmpdir(), "sqlite-gone-"));
    context.after(() => rm(folder, { recursive: true }));
    const file = join(folder, "catalogue.db");
    const store = await sqliteStore(file, systemClock);
    const [first, second] = journalOf(2);
    assert.ok(first && second);
    await store.append(EMPTY_HEAD, [first]);
    await happens(file);
    const message = new RegExp(`the file was ${what} while the service had it open`);
    const head = { sequence: 1, hash: first.hash };
    await assert.rejects(store.append(head, [second]), { code: "store", retryable: false, message });
    await assert.rejects(store.saveCursor("one", 1), { code: "store", message });
    assert.deepEqual(await store.read(0, 10), [first]);
    await store.close();
  });
}
