import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { fakeIo } from "../testing/process-io.ts";
import { runService } from "./run-service.ts";

test("a secret's file that is replaced counts soon, without a signal or a change of the configuration", async () => {
  const [folder, secrets] = await Promise.all(["config-", "secret-"].map((name) => mkdtemp(join(tmpdir(), name))));
  const ending = new AbortController();
  const clock = manualClock();
  const io = fakeIo({ clock, signal: ending.signal });
  const secret = join(secrets ?? "", "token");
  await writeFile(secret, "the-first-token-of-two");
  const file = join(folder ?? "", "registry.yaml");
  const webhook = `{name: hub, kind: docker-hub, pathToken: {file: ${secret}}}`;
  await writeFile(file, `listen: {host: 127.0.0.1, port: 0}\nwebhooks: [${webhook}]\n`);
  const ended = runService(file, io);
  const logged = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const [, found] = pattern.exec(io.written().stdout) ?? [];
      if (found !== undefined) return found;
      await Promise.race([new Promise((resolve) => setImmediate(resolve)), ended]);
    }
  };
  try {
    const url = await logged(/"url":"([^"]+)"/);
    const post = async (token: string): Promise<number> => {
      const event = { push_data: { tag: "1.0.0" }, repository: { repo_name: "team/executor-ml" } };
      const headers = { "content-type": "application/json" };
      const init = { method: "POST", headers, body: JSON.stringify(event) };
      return (await fetch(`${url}/webhooks/hub/${token}`, init)).status;
    };
    assert.deepEqual([await post("the-first-token-of-two"), await post("the-second-token-of-two")], [202, 401]);
    await writeFile(secret, "the-second-token-of-two");
    await clock.advance(30_000);
    await logged(/"(the new configuration is in force)"/);
    assert.deepEqual([await post("the-first-token-of-two"), await post("the-second-token-of-two")], [401, 202]);
  } finally {
    ending.abort();
    await ended;
    await Promise.all([folder, secrets].map((path) => rm(path ?? "", { recursive: true })));
  }
});
