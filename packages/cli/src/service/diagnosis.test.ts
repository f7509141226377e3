import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { systemClock } from "@executor-registry/resolver";
import type { PolicyTestDocument, WhyDocument } from "@executor-registry/resolver/internal";
import { parse } from "yaml";
import type { Outcome } from "../../../../testing/cli.ts";
import { exampleService } from "../../../../testing/example-service.ts";
import { fakeIo, runHere } from "../testing/fake-io.ts";

const ML = "docker.io/library/executor-ml@sha256:3f31356aa6df330e1e7c2427c7fccfe6c8fc662ade083025045747c074583302";

describe("why and policy test", () => {
  let service: Awaited<ReturnType<typeof exampleService>>;
  before(async () => {
    const checks = 'checks: { approvedNamespaces: ["docker.io/library/executor-ml"] }';
    service = await exampleService(`auth: { writes: open }\n${checks}`);
  });
  after(() => service.close());
  const ask = (...args: string[]): Promise<Outcome> =>
    runHere([...args, "--registry", service.url], fakeIo({ clock: systemClock }));

  test("why explains the current version on one screen, and ends with 0", async () => {
    const { code, stdout, stderr } = await ask("why", "ml");
    assert.deepEqual([code, stderr], [0, ""]);
    const lines = stdout.split("\n");
    assert.ok(lines.length <= 20, stdout);
    assert.match(
      stdout,
      /^Type: +ml\nAnswer: +it is the current version\nBecause: +of 3 admitted versions it is the last that was built/,
    );
    assert.match(stdout, /^Policy: +default$/m);
    assert.match(stdout, /^approved-namespace +passed .*\(namespace=docker\.io\/library\/executor-ml\)$/m);
    for (const named of ["ml:1.4.0", `ml@${ML.split("@")[1]}`]) assert.equal((await ask("why", named)).code, 0, named);
  });

  test("why ends with 7 for all else, and says what became of it", async () => {
    const older = await ask("why", "ml:1.3.0", "-o", "yaml");
    const document = parse(older.stdout) as WhyDocument;
    assert.deepEqual([older.code, document.answer, document.current?.image], [7, "admitted", ML]);
    assert.match(document.reason, /^1\.4\.0 was built later/);

    const rejected = await ask("why", "etl");
    assert.equal(rejected.code, 7);
    assert.match(
      rejected.stdout,
      /^Answer: +it is rejected\nBecause: +approved-namespace: docker\.io\/library\/executor-etl is in none/m,
    );

    const never = await ask("why", "ml:9.9.9");
    assert.equal(never.code, 7);
    assert.match(never.stdout, /^Answer: +it was never seen$/m);
    assert.match(
      never.stdout,
      /^LOOKED IN +STATE +LAST LOOK +REPOSITORIES\nexamples +ready +\d+s ago +docker\.io\/library\/executor-ml$/m,
    );
    assert.equal((await ask("why", "ml:1.3.0", "-o", "name")).stdout, `${document.images[0]?.image}\n`);
  });

  test("policy test prints every verdict, and ends with 7 for what would not be admitted", async () => {
    const passing = await ask("policy", "test", "executor-ml:1.4.0");
    assert.deepEqual([passing.code, passing.stderr], [0, ""]);
    assert.match(
      passing.stdout,
      /^Image: +docker\.io\/library\/executor-ml@sha256:3f31.*\nSource: +examples\n\nType: +ml\n/,
    );
    assert.match(passing.stdout, /^Answer: +it would be admitted$/m);
    const failing = await ask("policy", "test", "executor-etl:0.9.2", "-o", "json");
    const { types } = JSON.parse(failing.stdout) as PolicyTestDocument;
    assert.deepEqual(
      [failing.code, types.map(({ type, state, verdicts }) => [type, state, verdicts[0]?.code])],
      [7, [["etl", "rejected", "namespace-not-allowed"]]],
    );
    const { code, stderr } = await ask("policy", "test", "elsewhere.test/app:1", "--type", "ml");
    assert.equal(code, 2);
    assert.match(stderr, /no source of the configuration covers elsewhere\.test\/app/);
  });

  for (const [line, message] of [
    ["why", /why needs TYPE/],
    ["why ml:a:b", /ml:a:b is not of the form TYPE, TYPE:TAG or TYPE@sha256:…/],
    ["why registry.test/ml:1", /does not begin with an executor type/],
    ["policy", /policy needs get, set, unset, test/],
    ["policy tests executor-ml", /policy has no action tests; did you mean test\?/],
    ["policy test", /policy test needs IMAGE/],
  ] as const) {
    test(`${line} is wrong usage`, async () => {
      const { code, stderr } = await ask(...line.split(" "));
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }
});
