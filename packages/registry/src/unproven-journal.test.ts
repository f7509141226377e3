import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pino } from "pino";
import { readWholeConfig } from "./config/parse-config.ts";
import { startService } from "./supervisor/service.ts";

test("a service that is to sign a journal without checkpoints, or with those of another key, warns of it", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "unproven-"));
  t.after(() => rm(folder, { recursive: true }));
  for (const name of ["old", "new"]) {
    const { privateKey } = generateKeyPairSync("ed25519");
    await writeFile(join(folder, name), privateKey.export({ type: "pkcs8", format: "pem" }));
  }
  /** Starts with other checks each time, so that there is something to sign, and waits for so many checkpoints. @returns the warnings */
  const warned = async (count: number, namespace: string, key?: string): Promise<readonly string[]> => {
    const lines: string[] = [];
    const log = pino({ level: "warn" }, { write: (line) => void lines.push(line) });
    const checkpoints = key === undefined ? "" : `checkpoints: { key: { file: ${join(folder, key)} }, every: 1s }`;
    const text = `listen: { host: 127.0.0.1, port: 0 }
store: "sqlite:${join(folder, "catalogue.db")}"
sources: [{ name: examples, kind: oci-layout, path: examples/layout }]
checks: { approvedNamespaces: [${namespace}] }
audit: { origin: registry.test/production, ${checkpoints} }
`;
    const service = await startService({ config: await readWholeConfig(text, "test.yaml", {}), log });
    const signed = async (): Promise<number> => {
      const page = await (await fetch(`${service.url}/journal/checkpoints`)).json();
      return (page as { checkpoints: readonly object[] }).checkpoints.length;
    };
    try {
      while ((await fetch(`${service.url}/readyz`)).status !== 200);
      while ((await signed()) < count);
    } finally {
      await service.close();
    }
    const logged = lines.map((line) => JSON.parse(line) as { readonly code?: string; readonly msg: string });
    return logged.filter(({ code }) => code === "unproven-journal").map(({ msg }) => msg);
  };

  assert.deepEqual(await warned(0, "a/*"), []);
  const [without = "", ...more] = await warned(1, "b/*", "old");
  assert.match(without, /^the journal up to entry \d+ is signed as it was found: it holds no checkpoint\. /);
  assert.deepEqual(more, []);
  assert.deepEqual(await warned(2, "c/*", "old"), []);
  const [other = ""] = await warned(3, "d/*", "new");
  assert.match(other, /is signed as it was found: its checkpoint is signed by another key/);
  assert.deepEqual(await warned(4, "e/*", "new"), []);
});
