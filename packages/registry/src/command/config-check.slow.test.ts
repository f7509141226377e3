import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { server } from "../../../../testing/cli.ts";
import { runHere } from "../testing/process-io.ts";

/** A configuration that is to be checked, and what is said of it. */
type Case = readonly [text: string, message: RegExp];

describe("config check", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "check-"));
    await mkdir(join(folder, "folder"));
    execFileSync("mkfifo", [join(folder, "pipe")]);
    await writeFile(join(folder, "diary"), "my diary, page 1 ".repeat(100));
    const theirs = new DatabaseSync(join(folder, "theirs.db"));
    theirs.exec("CREATE TABLE recipes (name TEXT)");
    theirs.close();
  });
  after(() => rm(folder, { recursive: true }));
  const written = async (text: string): Promise<string> => {
    const file = join(folder, "registry.yaml");
    await writeFile(file, text);
    return file;
  };
  const listen = "listen: { host: 127.0.0.1, port: 0 }\n";

  test("red-20: anything that makes serve end at its start is found, in the same words, without a stack or `unexpected`", async () => {
    const cases: Readonly<Record<string, Case>> = {
      "an empty file": ["# nothing\n", /it is empty/],
      "an alias bomb": [`a: &a [x,x]\nb: &b [${"*a,".repeat(60)}]\nc: [*b,*b,*b,*b]\n`, /too many aliases/],
      "{type} twice": [
        `${listen}sources: []\nexecutors: { tags: { template: "{type}-{type}-{version}", repositories: [x] } }\n`,
        /each exactly once/,
      ],
      "a store that is a folder": [`${listen}sources: []\nstore: "sqlite:${join(folder, "folder")}"\n`, /folder/],
      "a store below a file": [`${listen}sources: []\nstore: "sqlite:${join(folder, "diary", "a.db")}"\n`, /diary/],
      "a store that is a diary": [
        `${listen}sources: []\nstore: "sqlite:${join(folder, "diary")}"\n`,
        /no SQLite database/,
      ],
      "another application's database": [
        `${listen}sources: []\nstore: "sqlite:${join(folder, "theirs.db")}"\n`,
        /another application's database/,
      ],
      "an address of another machine": [
        "listen: { host: 192.0.2.1, port: 0 }\nsources: []\n",
        /cannot listen on 192\.0\.2\.1/,
      ],
      "no cluster for service accounts": [
        `${listen}sources: []\nauth: { kubernetes: { serviceAccounts: { "a:b": reader } } }\n`,
        /auth\.kubernetes: .*no Kubernetes cluster is configured/,
      ],
      "a proxy that is everybody": [
        "listen: { host: 127.0.0.1, port: 0, trustProxy: 0.0.0.0/0 }\nsources: []\n",
        /\/0 would let everybody say who they are/,
      ],
      "a store with a name that is too long": [
        `${listen}sources: []\nstore: "sqlite:${join(folder, "new", "x".repeat(300))}"\n`,
        /name too long|longer than 247 bytes/,
      ],
      "a secret that is a named pipe": [
        `${listen}sources: [{ name: a, kind: oci, host: r.test, repositories: [x], credentials: { username: u, password: { file: ${join(folder, "pipe")} } } }]\n`,
        /pipe cannot be read \(it is not a regular file\)/,
      ],
      "a secret that is not there": [
        `${listen}sources: [{ name: a, kind: oci, host: r.test, repositories: [x], credentials: { username: u, password: { file: /nowhere } } }]\n`,
        /\/nowhere cannot be read/,
      ],
    };
    const env = { KUBECONFIG: join(folder, "none"), KUBERNETES_SERVICE_HOST: "", HOME: folder };
    for (const [name, [text, message]] of Object.entries(cases)) {
      const file = await written(text);
      const checked = await server(["config", "check", file], env);
      const served = await server(["serve", "--config", file], env);
      for (const [command, { code, stderr }] of Object.entries({ checked, served })) {
        assert.ok(code === 1 || code === 2, `${name}, ${command}: ${code}`);
        assert.match(stderr, message, `${name}, ${command}`);
        assert.doesNotMatch(stderr, /unexpected:|^ +at /m, `${name}, ${command}`);
      }
      assert.equal(checked.code, 2, name);
    }
  });

  test("makes nothing, and takes a folder that serve will make", async () => {
    const file = await written(
      `${listen}sources: []\nstore: "sqlite:${join(folder, "fresh", "deep", "catalogue.db")}"\n`,
    );
    const { code, stderr } = await runHere(["config", "check", file]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.ok(!(await readdir(folder)).includes("fresh"));
  });

  test("a service that runs already, on this port and with this store, is no mistake", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const holder = new DatabaseSync(join(folder, "ours.db"));
    const store = join(folder, "ours.db");
    await chmod(store, 0o600);
    holder.exec("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE");
    try {
      const file = await written(`listen: { host: 127.0.0.1, port: ${port} }\nsources: []\nstore: "sqlite:${store}"\n`);
      assert.deepEqual((await runHere(["config", "check", file])).stderr, "");
    } finally {
      holder.close();
      server.close();
    }
  });
});
