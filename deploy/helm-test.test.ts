import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { freePort } from "../scripts/free-port.ts";
import { noHelm, renderChart } from "../testing/helm.ts";
import { serving } from "../testing/serving.ts";

const run = promisify(execFile);

interface Pod {
  readonly spec: { readonly containers: readonly { readonly command: readonly string[] }[] };
}

/** What `helm test` runs for a configuration that lets people read like this, at a service. */
async function asked(
  reads: "open" | "token",
  url: string,
): Promise<{ readonly passes: boolean; readonly says: string }> {
  const flags = ["--set", `image.repository=x,config.auth.reads=${reads}`];
  const pod = (await renderChart(...flags)).find(({ kind }) => kind === "Pod") as unknown as Pod;
  const [, evaluate = "", script = "", at = "", last = ""] = pod.spec.containers[0]?.command ?? [];
  assert.equal(at, "http://executor-registry.executor-registry:80");
  return run(process.execPath, [evaluate, script, url, last]).then(
    ({ stdout }) => ({ passes: true, says: stdout }),
    ({ stdout }: { stdout: string }) => ({ passes: false, says: stdout }),
  );
}

describe("`helm test`", { skip: noHelm }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "helm-test-"));
  });
  after(() => rm(folder, { recursive: true }));

  for (const reads of ["open", "token"] as const) {
    test(`passes where reads are ${reads}, and not where they should be otherwise`, async () => {
      const file = join(folder, `${reads}.yaml`);
      const secret = "0123456789012345678901234567890123456789012345678901234567890123";
      const tokens = `[{ name: ops, role: operator, sha256: "${secret}" }]`;
      await writeFile(
        file,
        `{ listen: { host: 127.0.0.1, port: 0 }, store: "memory:", sources: [], auth: { reads: ${reads}, tokens: ${tokens} } }\n`,
      );
      await using service = await serving(file);
      const right = await asked(reads, service.url);
      assert.ok(right.passes, right.says);
      const wrong = await asked(reads === "open" ? "token" : "open", service.url);
      assert.ok(!wrong.passes, wrong.says);
      assert.match(wrong.says, /^expected (200|401) so: /m);
    });
  }

  test("fails where nothing listens", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const { passes, says } = await asked("open", `http://${address}`);
    const why = `http://${address} cannot be reached from a pod: connect ECONNREFUSED ${address}\n`;
    assert.deepEqual([passes, says], [false, why]);
  });
});
