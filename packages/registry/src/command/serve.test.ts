import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { server } from "../../../../testing/cli.ts";
import { serving } from "../../../../testing/serving.ts";
import { fakeIo, runHere } from "../testing/process-io.ts";

const LAYOUT = fileURLToPath(new URL("../../../../examples/layout", import.meta.url));
const IN_FORCE = "the new configuration is in force";
const REFUSED = "the new configuration is refused; the old one stays in force";
const config = (more = "", port = 0): string => `listen: { host: 127.0.0.1, port: ${port} }
sources: [{ name: examples, kind: oci-layout, path: ${LAYOUT} }]
${more}`;
const NOTHING_APPROVED = "checks: { approvedNamespaces: [approved.example/] }\n";

describe("serve", () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "serve-"))));
  after(() => rm(folder, { recursive: true }));
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };

  test("answers what the sources hold, and ends with 0 on SIGTERM, after it answered a while longer", async () => {
    await using service = await serving(await file("plain.yaml", config()));
    const refreshed = await fetch(`${service.url}/executors`);
    assert.equal(refreshed.status, 200);
    service.signal("SIGTERM");
    await service.logged("ending");
    assert.equal((await fetch(`${service.url}/readyz`)).status, 503);
    assert.equal((await fetch(`${service.url}/livez`)).status, 200);
    await service.logged("ended");
    assert.deepEqual(await service.ended, { code: 0, signal: null });
    await assert.rejects(fetch(`${service.url}/livez`));
  });

  test("ends at once on a second signal", async () => {
    await using service = await serving(await file("twice.yaml", config()));
    service.signal("SIGTERM");
    await service.logged("ending");
    service.signal("SIGTERM");
    assert.deepEqual(await service.ended, { code: 143, signal: null });
  });

  test("takes a Ctrl-C that npm passes on once more as one", async () => {
    await using service = await serving(await file("npm.yaml", config()));
    service.signal("SIGINT");
    service.signal("SIGINT");
    await service.logged("ended");
    assert.deepEqual(await service.ended, { code: 0, signal: null });
  });

  test("ends with 0 on Ctrl-C, though somebody listens to events", async () => {
    await using service = await serving(await file("events.yaml", config()));
    const events = await fetch(`${service.url}/events`);
    service.signal("SIGINT");
    await service.logged("ended");
    assert.equal((await service.ended).code, 0);
    await events.text().catch(() => {});
  });

  test("takes over a changed file, and refuses one with mistakes", async () => {
    const path = await file("changing.yaml", config());
    await using service = await serving(path);
    const versions = async (): Promise<string[]> => {
      const answer = await fetch(`${service.url}/executors/ml/versions`);
      return ((await answer.json()) as { versions: { state: string }[] }).versions.map(({ state }) => state);
    };
    await writeFile(path, config("checks: { approvedNamespaces: 7 }\n"));
    const refusal = await service.logged(REFUSED);
    assert.deepEqual(refusal["mistakes"], [
      {
        path: "checks.approvedNamespaces",
        line: 3,
        message: "Invalid input: expected array, received number",
      },
    ]);
    assert.equal((await fetch(`${service.url}/executors/ml`)).status, 200);
    await writeFile(path, config(NOTHING_APPROVED, 1));
    await service.logged(IN_FORCE);
    assert.deepEqual([...new Set(await versions())], ["rejected"]);
    const restart = await service.logged("these settings count from the next start on");
    assert.deepEqual(restart["settings"], ["listen"]);
  });

  test("takes over a ConfigMap's mount, which changes by a symbolic link beside the file", async () => {
    const mount = join(folder, "mount");
    for (const [version, text] of [
      ["..1", config()],
      ["..2", config(NOTHING_APPROVED)],
    ] as const) {
      await mkdir(join(mount, version), { recursive: true });
      await writeFile(join(mount, version, "registry.yaml"), text);
    }
    await symlink("..1", join(mount, "..data"));
    await symlink("..data/registry.yaml", join(mount, "registry.yaml"));
    await using service = await serving(join(mount, "registry.yaml"));
    await symlink("..2", join(mount, "..data_tmp"));
    await rename(join(mount, "..data_tmp"), join(mount, "..data"));
    await service.logged(IN_FORCE);
    assert.equal((await fetch(`${service.url}/executors/ml`)).status, 404);
  });

  test("reads the file again on SIGHUP, and says again what is wrong with it", async () => {
    const path = await file("hangup.yaml", config());
    await using service = await serving(path);
    service.signal("SIGHUP");
    assert.equal((await service.logged(IN_FORCE))["why"], "SIGHUP");
    await rm(path);
    await service.logged(REFUSED);
    service.signal("SIGHUP");
    await service.logged(REFUSED);
    assert.equal((await fetch(`${service.url}/livez`)).status, 200);
  });

  test("prints every mistake of the configuration and ends with 2", async () => {
    const path = await file("wrong.yaml", "listen: { port: http }\nstorage: x\n");
    assert.deepEqual(await runHere(["serve", "--config", path]), {
      code: 2,
      stdout: "",
      stderr: `error: the configuration has 2 mistakes:
  ${path}:1: listen.port: Invalid input: expected number, received string
  ${path}:2: storage: there is no such setting
`,
    });
  });

  test("says what listens on its port already", async () => {
    await using service = await serving(await file("first.yaml", config()));
    const { port } = new URL(service.url);
    const { code, stderr } = await server(["serve", "--config", await file("second.yaml", config("", Number(port)))]);
    assert.deepEqual(
      [code, stderr],
      [2, `error: listen: cannot listen on 127.0.0.1, port ${port}: something else listens there already\n`],
    );
  });

  test("shows the smallest configuration where there is none, and finds the one that the environment names", async () => {
    const nothing = await runHere(["serve"]);
    assert.equal(nothing.code, 2);
    assert.match(nothing.stderr, /EXECUTOR_REGISTRY_CONFIG[^]*sources:\n +- name: main\n +kind: oci\n/);
    const named = await runHere(["serve"], fakeIo({ env: { EXECUTOR_REGISTRY_CONFIG: "/nowhere.yaml" } }));
    assert.match(named.stderr, /\/nowhere\.yaml: it cannot be read \(ENOENT\)/);
  });
});
