import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { serving } from "../../../../testing/serving.ts";

const LAYOUT = fileURLToPath(new URL("../../../../examples/layout", import.meta.url));
/** Has a process run a statement once it hears SIGUSR2. */
const onSignal = (statement: string): Record<string, string> => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`process.on("SIGUSR2", () => { ${statement} });`)}`,
});

describe("a service in which something fails that nothing handles", { timeout: 60_000 }, () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "unhandled-"));
    file = join(folder, "registry.yaml");
    const source = `sources: [{ name: examples, kind: oci-layout, path: ${LAYOUT} }]`;
    await writeFile(file, `listen: { host: 127.0.0.1, port: 0 }\n${source}\n`);
  });
  after(() => rm(folder, { recursive: true }));

  test("a rejection is logged, and the service goes on answering", async () => {
    await using service = await serving(file, onSignal("Promise.reject(new Error('stray'))"));
    service.signal("SIGUSR2");
    const { level, code, err } = await service.logged("unhandled failure; the service goes on");
    assert.deepEqual([level, code, (err as Error).message], ["error", "internal", "stray"]);
    assert.equal((await fetch(`${service.url}/executors/ml`)).status, 200);
  });

  test("an error that nothing caught is logged as a line like all others, and ends the process with 1", async () => {
    await using service = await serving(file, onSignal("throw new Error('stray')"));
    service.signal("SIGUSR2");
    await service.logged("uncaught error; the service ends at once");
    assert.deepEqual(await service.ended, { code: 1, signal: null });
  });

  test("a queue that cannot be opened is reported and tried again, and nothing else suffers", async () => {
    const queues = join(folder, "queues.yaml");
    await writeFile(
      queues,
      `listen: { host: 127.0.0.1, port: 0 }
sources: [{ name: examples, kind: oci-layout, path: ${LAYOUT} }]
queues: [{ name: aws, kind: sqs, queueUrl: "http://127.0.0.1:1/queue" }]
`,
    );
    const env = {
      AWS_REGION: "",
      AWS_EC2_METADATA_DISABLED: "true",
      HOME: folder,
      AWS_ACCESS_KEY_ID: "",
      AWS_PROFILE: "none",
    };
    await using service = await serving(queues, env);
    assert.equal((await fetch(`${service.url}/executors/ml`)).status, 200);
    service.signal("SIGINT");
    await service.logged("ended");
    assert.equal((await service.ended).code, 0);
  });
});
