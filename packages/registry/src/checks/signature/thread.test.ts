import assert from "node:assert/strict";
import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { cosignAnnotations, makeSigningKey, messageSignature, simplePayload } from "../../../../../testing/sigstore.ts";
import { simpleSigningBundle } from "./legacy.ts";
import { createVerifyThread } from "./thread.ts";
import { isRefusal, type VerifyTask } from "./verification.ts";

const key = makeSigningKey();
const payload = simplePayload(`sha256:${"a".repeat(64)}`);
const made = simpleSigningBundle(payload, cosignAnnotations(messageSignature(payload, { key })));
if (isRefusal(made)) throw new TypeError("a good signature is refused");
const task: VerifyTask = {
  kind: "verify",
  found: { name: "a test", form: "legacy", ...made, payload },
  keys: [key.pem],
  keysInLog: false,
  certificates: false,
};

/** A thread's program of the test's own. */
async function program(t: { after(fn: () => Promise<void>): void }, body: string): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), "thread-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "program.mjs");
  await writeFile(file, `import { parentPort } from "node:worker_threads";\n${body}`);
  return pathToFileURL(file);
}

test("one thread verifies what it is asked, one after the other", async ({ signal }) => {
  const thread = createVerifyThread();
  const answers = await Promise.all(Array.from({ length: 5 }, () => thread.verify(task, signal)));
  for (const { keys } of answers) assert.ok(keys[0] && !isRefusal(keys[0]));
});

test("what takes too long is neither good nor refused, and the next is verified by another thread", async (t) => {
  const spins = `parentPort.on("message", ({ id, task }) => {
    while (task.found.name === "slow");
    parentPort.postMessage({ kind: "done", id, value: { keys: [] } });
  });
  parentPort.postMessage({ kind: "ready" });`;
  const thread = createVerifyThread({ deadlineMs: 200, file: await program(t, spins) });
  const slow = { ...task, found: { ...task.found, name: "slow" } };
  const [first, second] = await Promise.allSettled([thread.verify(slow, t.signal), thread.verify(task, t.signal)]);
  assert.equal(first.status, "rejected");
  assert.match(String(first.status === "rejected" && first.reason), /took longer than 0\.2 s/);
  assert.deepEqual(second, { status: "fulfilled", value: { keys: [] } });
});

test("a thread that breaks is no answer, and the next is asked of another", async (t) => {
  const breaks = `parentPort.on("message", ({ id, task }) => {
    if (task.found.name === "broken") throw new Error("out of order");
    parentPort.postMessage({ kind: "done", id, value: { keys: [] } });
  });
  parentPort.postMessage({ kind: "ready" });`;
  const thread = createVerifyThread({ file: await program(t, breaks) });
  const broken = { ...task, found: { ...task.found, name: "broken" } };
  await assert.rejects(thread.verify(broken, t.signal), { code: "timeout", message: /out of order/ });
  assert.deepEqual(await thread.verify(task, t.signal), { keys: [] });
});

test("a thread that cannot start is no answer", async ({ signal }) => {
  const thread = createVerifyThread({ file: pathToFileURL("/nowhere/program.mjs") });
  await assert.rejects(thread.verify(task, signal), /Cannot find module/);
});

test("who stops waiting gets the signal's reason, and the next an answer", async ({ signal }) => {
  const thread = createVerifyThread();
  const impatient = new AbortController();
  const asked = assert.rejects(thread.verify(task, impatient.signal), /enough/);
  impatient.abort(new Error("enough"));
  await asked;
  assert.equal((await thread.verify(task, signal)).keys.length, 1);
});
