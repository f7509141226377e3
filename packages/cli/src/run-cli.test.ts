import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { VERSION } from "@executor-registry/resolver";
import { fakeIo, runHere } from "./testing/fake-io.ts";

describe("a command line that makes no sense", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["resolv ml", "there is no command resolv; did you mean resolve?", "help"],
    [
      "store migrate sqlite:a.db sqlite:b.db",
      "stores are opened by `executor-registry-server store`, on the machine or in the pod of the service",
      "help",
    ],
    ["delete", "there is no command delete", "help"],
    ["-n team", "no command is given", "help"],
    ["resolve", "resolve needs TYPE, or --needs", "help resolve"],
    ["resolve ml nlp", 'resolve takes no argument "nlp"', "help resolve"],
    ["list -- x", "list takes no arguments after --", "help list"],
    ["list --wach", "unknown flag --wach; did you mean --watch?", "help list"],
    ["resolve --watch --needs cuda", "--watch needs a TYPE", "help resolve"],
    ["resolve ml --needs cuda", "resolve takes a TYPE or --needs, not both", "help resolve"],
    ["list --watch --capability cuda", "--watch prints every type", "help list"],
    ["resolve ml -o xml", "-o xml is not one of table, wide, json, yaml, name", "help resolve"],
    ["completion tcsh", "there is no completion for tcsh, only for bash, zsh and fish", "help completion"],
    ["help resolv", "there is no command resolv; did you mean resolve?", "help"],
  ];
  for (const [line, message, help] of cases) {
    test(line, async () => {
      assert.deepEqual(await runHere(line.split(" ")), {
        code: 2,
        stdout: "",
        stderr: `error: ${message}\nhint: see \`executor-registry ${help}\`\n`,
      });
    });
  }
});

describe("run's own failures", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["run ml --depht 1", /^error: unknown flag --depht\n/],
    ["run", /^error: run needs TYPE, or --needs\n/],
    ["run ml --needs cuda", /^error: run takes a TYPE or --needs, not both\n/],
    ["run ml x", /^error: run takes no argument "x"; the executor's own arguments go after --\n/],
    ["run ml --env FOO", /^error: --env FOO is not of the form NAME=VALUE\n/],
    ["run ml --ttl 1h", /^error: --ttl 1h is not a whole number of seconds\n/],
    ["run ml --start-timeout soon", /^error: --start-timeout soon is not a whole number of seconds\n/],
    ["run ml --command", /^error: --command needs words after --\n/],
    ["run ml --template-file /nowhere.yaml", /^error: --template-file \/nowhere.yaml cannot be read: ENOENT/],
    ["run ml --layout x", /^error: run needs a cluster; --layout and EXECUTOR_LAYOUT name a folder of images\n/],
    ["run ml --kubeconfig /nowhere", /^error: .*\/nowhere/],
  ];
  for (const [line, message] of cases) {
    test(`${line} ends with 125, which is no executor's code`, async () => {
      const { code, stdout, stderr } = await runHere(line.split(" "));
      assert.equal(code, 125);
      assert.equal(stdout, "");
      assert.match(stderr, message);
    });
  }
});

describe("what is said about errors", () => {
  test("the causes, with --verbose", async () => {
    const line = ["list", "--kubeconfig", import.meta.filename];
    const [quiet, verbose] = [await runHere(line), await runHere([...line, "-v"])];
    assert.equal(quiet.code, 2);
    assert.doesNotMatch(quiet.stderr, /caused by/);
    assert.match(verbose.stderr, /^error: .*\n(?:.*\n)*caused by: /);
  });

  test("in red on a terminal, unless NO_COLOR is set", async () => {
    const line = ["resolv"];
    const colourful = await runHere(line, fakeIo({ terminal: true }));
    assert.ok(colourful.stderr.startsWith("\u001b[31merror:\u001b[39m there is"));
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
      const { stderr } = await runHere(line, fakeIo({ terminal: true, env }));
      assert.ok(stderr.startsWith("error: there is"));
    }
  });

  test("in kubectl's words where kubectl calls", async () => {
    const { stderr } = await runHere(["resolv"], fakeIo({ program: "kubectl executors" }));
    assert.match(stderr, /see `kubectl executors help`/);
  });

  test("nothing but the exit code once the user interrupts", async () => {
    const { code, stderr } = await runHere(["list", "--layout", "x"], fakeIo({ signal: AbortSignal.abort() }));
    assert.deepEqual({ code, stderr }, { code: 130, stderr: "" });
  });
});

describe("help", () => {
  test("is the same, however it is asked for", async () => {
    const { code, stdout } = await runHere([]);
    assert.equal(code, 0);
    for (const line of [["help"], ["-h"], ["--help"]]) assert.equal((await runHere(line)).stdout, stdout);
    assert.match(stdout, /^Usage: executor-registry COMMAND \[flags\]$/m);
    assert.match(stdout, /^ {2}3 +Unknown executor type$/m);
    assert.match(stdout, /^ {2}125 +run: the executor could not be run/m);
    assert.doesNotMatch(stdout, /__complete/);
  });

  test("of a command lists its flags first", async () => {
    const { stdout } = await runHere(["help", "resolve"], fakeIo({ program: "kubectl executors" }));
    assert.equal((await runHere(["resolve", "-h"], fakeIo({ program: "kubectl executors" }))).stdout, stdout);
    assert.match(stdout, /^Usage: kubectl executors resolve TYPE /m);
    assert.ok(stdout.indexOf("--explain ") < stdout.indexOf("--kubeconfig "));
  });
});

test("version prints its own and Node's", async () => {
  const expected = `${VERSION} (node ${process.versions.node})\n`;
  assert.equal((await runHere(["version"])).stdout, expected);
  assert.equal((await runHere(["--version"])).stdout, expected);
});
