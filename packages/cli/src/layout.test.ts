import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Resolution } from "@executor-registry/resolver";
import { parse } from "yaml";
import { cli, startCli } from "../../../testing/cli.ts";
import { fakeIo, runHere } from "./testing/fake-io.ts";

const LAYOUT = fileURLToPath(new URL("../../../examples/layout", import.meta.url));
const ask = (...args: string[]) => runHere([...args, "--layout", LAYOUT]);

describe("a folder of images, without a cluster", () => {
  test("list prints a table", async () => {
    const { code, stdout, stderr } = await ask("list");
    const expected = `TYPE   VERSION      SOURCE       AGE         EVIDENCE
etl    0.9.2        oci-layout   <unknown>   only-candidate
ml     1.4.0        oci-layout   20d         created
nlp    2026-11-20   oci-layout   2d14h       created
`;
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: expected, stderr: "" });
  });

  test("list -o wide adds the image and the reason", async () => {
    const { stdout } = await ask("list", "-o", "wide");
    const [headers = "", ...rows] = stdout.trimEnd().split("\n");
    assert.match(headers, /^TYPE +VERSION +SOURCE +AGE +EVIDENCE +VALIDATED +IMAGE +PULL +NODES +REASON$/);
    assert.match(
      rows[1] ?? "",
      /^ml .* executor-ml@sha256:3f31356a[0-9a-f]+ +IfNotPresent +<none> +created at 2026-11-02/,
    );
  });

  test("list and resolve take what must be able to be done", async () => {
    assert.equal(
      (await ask("list", "--capability", "cuda", "--capability", "cpu", "-o", "name")).stdout,
      "executor/ml\n",
    );
    const none = await ask("list", "--capability", "spark");
    assert.deepEqual(
      [none.code, none.stdout, none.stderr],
      [0, "", "none of 3 executors has spark; resolve --needs says what each lacks\n"],
    );
    const named = await ask("resolve", "ml");
    assert.deepEqual(await ask("resolve", "--needs", "cuda,cpu"), named);
    assert.deepEqual(await ask("resolve", "--needs", "cuda", "--needs", "cpu"), named);
    const { stdout } = await ask("resolve", "--needs", "cuda", "--explain");
    assert.match(
      stdout,
      /^CAPABILITY +VERSION +FROM +EVIDENCE\ncpu +label +executor-registry\.dev\/capabilities\ncuda /m,
    );
  });

  test("resolve by what no type can do ends as for an unknown type, with what each lacks", async () => {
    const { code, stdout, stderr } = await ask("resolve", "--needs", "cuda>=12");
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(
      stderr,
      /^error: no executor type has cuda>=12: etl lacks cuda>=12; ml lacks cuda>=12 \(the version of its cuda is not known\)/,
    );
    const wrong = await ask("resolve", "--needs", "cuda>>12");
    assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
  });

  test("list -o json and -o yaml are the resolutions", async () => {
    const [json, yaml] = [await ask("list", "-o", "json"), await ask("list", "-o", "yaml")];
    const resolutions = JSON.parse(json.stdout) as Resolution[];
    assert.deepEqual(
      resolutions.map(({ type, version }) => [type, version]),
      [
        ["etl", "0.9.2"],
        ["ml", "1.4.0"],
        ["nlp", "2026-11-20"],
      ],
    );
    assert.deepEqual(parse(yaml.stdout), resolutions);
  });

  test("list -o name says what kind of thing they are", async () => {
    const { stdout } = await ask("list", "-o", "name");
    assert.equal(stdout, "executor/etl\nexecutor/ml\nexecutor/nlp\n");
  });

  test("list --watch prints what is, and ends when asked to", async () => {
    const ending = new AbortController();
    const wrote = (text: string): void => void (text.includes("nlp") && ending.abort());
    const io = fakeIo({ signal: ending.signal, wrote });
    const { code, stdout } = await runHere(["list", "-w", "-o", "name", "--layout", LAYOUT], io);
    assert.equal(code, 130);
    assert.equal(stdout, "executor/etl\nexecutor/ml\nexecutor/nlp\n");
  });

  test("resolve prints the image alone", async () => {
    const { code, stdout, stderr } = await ask("resolve", "ml");
    assert.equal(code, 0);
    assert.match(stdout, /^executor-ml@sha256:3f31356a[0-9a-f]{56}\n$/);
    assert.equal(stderr, "");
  });

  test("resolve --explain says why", async () => {
    const { stdout } = await ask("resolve", "ml", "--explain");
    assert.match(stdout, /^Because: +created at 2026-11-02T16:05:41.000Z, after the other 2$/m);
    assert.match(stdout, /^ {2}3\. executor-ml@sha256:04a2fc00/m);
  });

  test("resolve -o json is the resolution; a table has its row", async () => {
    const [json, table] = [await ask("resolve", "nlp", "-ojson"), await ask("resolve", "nlp", "-o=table")];
    assert.equal((JSON.parse(json.stdout) as Resolution).source, "oci-layout");
    assert.match(table.stdout, /^TYPE .*\nnlp {4}2026-11-20 .*\n$/);
  });

  test("EXECUTOR_LAYOUT names the folder too, and --template the executors", async () => {
    const io = fakeIo({ env: { EXECUTOR_LAYOUT: LAYOUT } });
    const { stdout } = await runHere(["list", "-o", "name", "--template", "{type}"], io);
    assert.match(stdout, /executor\/executor-ml\n/);
  });

  test("an unknown type is reported with the known ones", async () => {
    assert.deepEqual(await ask("resolve", "mll"), {
      code: 3,
      stdout: "",
      stderr: 'error: no image of executor type "mll" is known; did you mean ml?\n',
    });
  });

  test("a folder that is no layout is an error that names the missing file", async () => {
    const { code, stderr } = await runHere(["list", "--layout", "/nowhere"]);
    assert.equal(code, 1);
    assert.equal(stderr, "error: /nowhere/oci-layout: no such file\n");
  });

  test("flags of a cluster contradict it", async () => {
    const { code, stderr } = await ask("list", "-n", "team");
    assert.equal(code, 2);
    assert.match(stderr, /^error: --layout reads a folder and no cluster, so --namespace has no meaning with it\n/);
  });

  test("as a process: output, exit code, nothing left running", async () => {
    assert.deepEqual(await cli(["--layout", LAYOUT, "list", "-o", "name"]), {
      code: 0,
      stdout: "executor/etl\nexecutor/ml\nexecutor/nlp\n",
      stderr: "",
    });
    assert.equal((await cli(["resolve", "nope", "--layout", LAYOUT])).code, 3);
  });

  test("as a process: watch goes on until it is asked to end", async () => {
    const child = startCli(["watch", "-o", "name"], { EXECUTOR_LAYOUT: LAYOUT });
    const ended = once(child, "exit");
    assert.ok(child.stdout);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    for (const type of ["etl", "ml", "nlp"]) assert.equal((await lines.next()).value, `executor/${type}`);
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [143, null]);
  });
});

test("the command line loads nothing of the service", async () => {
  const hook = `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from "node:module";
    registerHooks({ load(url, context, next) { process.stderr.write(url + "\\n"); return next(url, context); } });`)}`;
  const { code, stderr } = await cli(["list", "--layout", LAYOUT], { NODE_OPTIONS: `--import=${hook}` });
  assert.equal(code, 0);
  assert.match(stderr, /packages\/cli\/src\/commands\/list\.ts/);
  assert.doesNotMatch(stderr, /packages\/registry\/|node_modules\/(?:fastify|zod|pino)\//);
});
