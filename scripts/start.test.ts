import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { onPath } from "./tools.ts";

const skip = onPath("curl") ? false : "no curl on the PATH";

describe("npm start", () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "start-"))));
  after(() => rm(folder, { recursive: true }));

  /** As `npm start`, but for the place of the store. */
  async function start(): Promise<{ printed: string; end(): Promise<{ code: number | null; warned: string }> }> {
    const example = await readFile("examples/registry.yaml", "utf8");
    const file = join(folder, "registry.yaml");
    await writeFile(file, example.replace("sqlite:.data/", `sqlite:${join(folder, "data")}/`));
    const { scripts } = JSON.parse(await readFile("package.json", "utf8")) as { scripts: { start: string } };
    const [command, ...args] = scripts.start.split(" ");
    assert.equal(command, "node");
    const child = spawn(process.execPath, [...args, file], { stdio: ["ignore", "pipe", "pipe"] });
    let printed = "";
    let warned = "";
    child.stderr.on("data", (chunk) => (warned += String(chunk)));
    while (!printed.includes("Ctrl-C ends it.")) {
      const event = await Promise.race([once(child.stdout, "data"), once(child, "exit").then(() => undefined)]);
      if (event === undefined) throw new Error(`it ended early: ${printed}${warned}`);
      printed += String(event[0]);
    }
    return {
      printed,
      async end() {
        child.kill("SIGINT");
        const [code] = (await once(child, "close")) as [number | null];
        return { code, warned };
      },
    };
  }

  test("prints commands that work, and ends with 0 on Ctrl-C", { skip }, async () => {
    const { printed, end } = await start();
    const lines = printed.split("\n").flatMap((line) => /^ {2}((?:curl|npm) .*)$/.exec(line)?.[1] ?? []);
    assert.equal(lines.length, 9);
    try {
      // It does not end, and another one needs a cluster.
      const ending = lines.filter((line) => !line.startsWith("curl -sN") && !line.endsWith(" list"));
      assert.equal(ending.length, 7);
      for (const line of ending) {
        const { status, stdout, stderr } = spawnSync("sh", ["-c", line.replace("curl ", "curl --fail-with-body ")], {
          encoding: "utf8",
        });
        assert.equal(status, 0, `${line}: ${stdout}${stderr}`);
        assert.match(stdout, /\bml\b|executor|scans|admitted/, line);
      }
      const events = lines.find((line) => line.startsWith("curl -sN")) ?? "";
      const following = spawn("sh", ["-c", `exec ${events}`], { stdio: ["ignore", "pipe", "inherit"] });
      await once(following.stdout, "data");
      following.kill();
      await once(following, "exit");
    } finally {
      assert.deepEqual(await end(), { code: 0, warned: "" });
    }
  });

  test("says in a sentence what it cannot use of the data of another release", async () => {
    await (await start()).end();
    const database = new DatabaseSync(join(folder, "data", "executors.sqlite"));
    assert.equal(database.prepare("UPDATE snapshot SET format = 0").run().changes, 1);
    database.close();
    const { code, warned } = await (await start()).end();
    assert.equal(code, 0);
    assert.match(warned, /^warn: the snapshot cannot be used; replaying the whole journal \(it has format 0; .*\)\n$/);
  });

  test("takes the next port when its own is taken, and says so", async () => {
    const other = createServer();
    const taken = await Promise.race([
      once(other.listen(8080, "127.0.0.1"), "listening").then(() => true),
      // Somebody else has it, which is as good.
      once(other, "error").then(() => false),
    ]).catch(() => false);
    try {
      const { printed, end } = await start();
      assert.match(
        printed,
        /^Something listens on port 8080 already; this is \d+\.\nThe registry service answers at http:\/\/127\.0\.0\.1:/,
      );
      assert.deepEqual(await end(), { code: 0, warned: "" });
    } finally {
      if (taken) other.close();
    }
  });
});
