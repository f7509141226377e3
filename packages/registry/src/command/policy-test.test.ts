import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "@executor-registry/resolver";
import type { PolicyTestDocument } from "@executor-registry/resolver/internal";
import { parse } from "yaml";
import { noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { pushImage } from "../../../../testing/push.ts";
import { fakeIo, runHere } from "../testing/process-io.ts";

describe("policy test", { skip: noDockerRegistry }, () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "policy-test-"))));
  after(() => rm(folder, { recursive: true }));

  test("prints what the checks say of an image of a registry, resolves its tag once, and opens no store", async () => {
    await using registry = await startDockerRegistry();
    const { host } = registry;
    const passing = await pushImage(registry, "team/executor-ml", "1.0.0");
    const failing = await pushImage(registry, "other/executor-ml", "2.0.0");
    const file = join(folder, "registry.yaml");
    await writeFile(
      file,
      `store: "sqlite:${join(folder, "none", "catalogue.db")}"
sources: [{ name: main, kind: oci, host: "${host}", insecure: true, repositories: ["*/executor-*"] }]
checks: { policies: [{ name: team, types: ["m*"], namespaces: { allow: ["${host}/team/*"] } }] }
`,
    );
    const run = (...words: string[]) =>
      runHere(["policy", "test", ...words, "--config", file], fakeIo({ clock: systemClock }));

    const { code, stdout, stderr } = await run(`${host}/team/executor-ml:1.0.0`);
    assert.deepEqual([code, stderr], [0, ""]);
    const document = parse(stdout) as PolicyTestDocument;
    assert.equal(document.image, `${host}/team/executor-ml@${passing.digest}`);
    assert.deepEqual(
      document.types.map(({ type, policy, state, verdicts }) => [
        type,
        policy,
        state,
        verdicts.map(({ check }) => check),
      ]),
      [["ml", "team", "admitted", ["approved-namespace", "runnable"]]],
    );

    const rejected = await run(`${host}/other/executor-ml@${failing.digest}`, "--output", "json");
    const [other] = (JSON.parse(rejected.stdout) as PolicyTestDocument).types;
    assert.deepEqual([rejected.code, other?.state, other?.verdicts[0]?.code], [7, "rejected", "namespace-not-allowed"]);
    const unnamed = await run(`${host}/team/executor-ml:1.0.0`, "--type", "nlp");
    assert.equal(unnamed.code, 7);
    assert.match(unnamed.stdout, /no policy names the type nlp/);

    for (const [words, exit, message] of [
      [[`${host}/team/executor-ml:9`], 1, /error: .*team\/executor-ml: /],
      [
        ["elsewhere.test/team/executor-ml:1"],
        2,
        /no source of the configuration covers elsewhere\.test\/team\/executor-ml/,
      ],
      [[`${host}/team/Ml`], 2, /repository/],
      [[], 2, /policy test needs IMAGE/],
      [["a", "b"], 2, /policy test takes no argument "b"/],
    ] as const) {
      const ended = await run(...words);
      assert.equal(ended.code, exit, words.join(" "));
      assert.match(ended.stderr, message);
    }
  });
});
