import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { serving } from "../../../../testing/serving.ts";
import { fakeIo, runHere } from "../testing/process-io.ts";

describe("config", () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "config-"))));
  after(() => rm(folder, { recursive: true }));

  test("check says that the repository's example has no mistakes, and what images must pass", async () => {
    const { code, stdout, stderr } = await runHere(["config", "check", "examples/registry.yaml"]);
    assert.deepEqual(
      [code, stdout, stderr],
      [
        0,
        "examples/registry.yaml has no mistakes\nwhat images must pass, by policy:\n  none for *: approved-namespace, runnable\n",
        "",
      ],
    );
  });

  test("a service that lets everybody on a network write says so, and so does check", async () => {
    const file = join(folder, "open.yaml");
    await writeFile(file, "listen: { host: 0.0.0.0, port: 0 }\nsources: []\nauth: { writes: open }\n");
    const { code, stderr } = await runHere(["config", "check", file]);
    assert.equal(code, 0);
    const [, warning = ""] = /^warning: .*open\.yaml: (auth\.writes: .*) \(open-writes\)\n$/.exec(stderr) ?? [];
    assert.match(warning, /whoever reaches 0\.0\.0\.0 is an operator/);
    await using service = await serving(file, {}, "listening");
    assert.partialDeepStrictEqual(await service.logged(warning), { level: "warn", code: "open-writes" });
  });

  test("check prints every mistake with its line, and ends with 2", async () => {
    const file = join(folder, "wrong.yaml");
    await writeFile(file, "sources: []\nlisten:\n  port: http\nlimits: { writesPerMinute: 0 }\n");
    const io = fakeIo({ env: { EXECUTOR_REGISTRY_CONFIG: file } });
    const { code, stderr } = await runHere(["config", "check"], io);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /has 2 mistakes:\n {2}.*wrong\.yaml:3: listen\.port: .*\n {2}.*wrong\.yaml:4: limits\.writesPerMinute/,
    );
  });

  test("print shows defaults, and of a secret only where it is", async () => {
    await writeFile(join(folder, "password"), "open-sesame");
    const file = join(folder, "secret.yaml");
    const credentials = `{ username: robot, password: { file: ${join(folder, "password")} } }`;
    await writeFile(
      file,
      `sources: [{ name: main, kind: oci, host: r.test, repositories: ["**"], credentials: ${credentials} }]`,
    );
    for (const format of ["yaml", "json"]) {
      const { code, stdout } = await runHere(["config", "print", file, "-o", format]);
      assert.equal(code, 0);
      assert.doesNotMatch(stdout, /open-sesame/);
      const { store, sources } = parse(stdout) as {
        store: string;
        sources: { interval: string; credentials: object }[];
      };
      assert.deepEqual(
        [store, sources[0]?.interval, sources[0]?.credentials],
        ["memory:", "5m", { username: "robot", password: { file: join(folder, "password") } }],
      );
    }
  });

  test("knows no other action", async () => {
    const { code, stderr } = await runHere(["config", "show"]);
    assert.equal(code, 2);
    assert.match(stderr, /config has no command show, only check or print/);
  });
});
