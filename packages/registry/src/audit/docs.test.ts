import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { sectionsOf, shellIn } from "../../../../testing/documented.ts";
import { exampleService } from "../../../../testing/example-service.ts";

const run = promisify(execFile);
const blocks = (await sectionsOf("docs/audit.md")).flatMap(({ commands }) => commands);
const found = (program: string) =>
  run(program, ["--version"]).then(
    () => true,
    () => false,
  );
const missing =
  (await found("curl")) &&
  (await run("openssl", ["version"]).then(
    () => true,
    () => false,
  ))
    ? false
    : "openssl and curl are not both here";

test("every command in docs/audit.md does what it says", { skip: missing, timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "audit-docs-"));
  try {
    const shell = await shellIn(folder);
    // The key is made before the service that uses it.
    const [keys, others] = [/genpkey/, /^(?!.*genpkey)/s].map((which) => blocks.filter((block) => which.test(block)));
    for (const block of keys ?? []) await shell(block);
    const key = join(folder, "checkpoints.pem");
    await using service = await exampleService(`audit: { checkpoints: { key: { file: ${key} }, every: 1s } }`);
    const signed = async () => (await (await fetch(`${service.url}/journal/checkpoints`)).text()).includes('"note"');
    while (!(await signed()));
    const printed: string[] = [];
    for (const block of others ?? []) printed.push(await shell(block, { EXECUTOR_REGISTRY_URL: service.url }));
    const text = printed.join("");
    assert.equal(text.match(/signed by the keys given/g)?.length, 3);
    assert.match(text, /"checkpoints":\[\{"entry":\d+/);
    assert.match(readFileSync(join(folder, "webhook-secret"), "utf8"), /^whsec_[A-Za-z0-9+/]{43}=\n$/);
    assert.match(readFileSync(join(folder, "since-january.ndjson"), "utf8"), /^\{"sequence":1,/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
