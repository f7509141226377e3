import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fakeIo, runHere } from "../testing/fake-io.ts";

const LAYOUT = fileURLToPath(new URL("../../../../examples/layout", import.meta.url));

/** What `__complete` answers, without the descriptions. */
async function complete(...words: string[]): Promise<string[]> {
  const { code, stdout } = await runHere(["__complete", ...words], fakeIo({ env: { EXECUTOR_LAYOUT: LAYOUT } }));
  assert.equal(code, 0);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t")[0] ?? "");
}

describe("what may follow", () => {
  const commands = [
    "list",
    "resolve",
    "run",
    "watch",
    "get",
    "versions",
    "why",
    "history",
    "pin",
    "unpin",
    "rollback",
    "deny",
    "allow",
    "policy",
    "journal",
    "refresh",
    "doctor",
    "completion",
    "version",
    "help",
  ];
  const types = ["etl", "ml", "nlp"];
  const cases: readonly (readonly [string[], string[]])[] = [
    [[""], [...commands, ":4"]],
    [["res"], ["resolve", ":4"]],
    [
      ["-n", "team", "res"],
      ["resolve", ":4"],
    ],
    [
      ["help", ""],
      [...commands, ":4"],
    ],
    [
      ["completion", ""],
      ["bash", "zsh", "fish", ":4"],
    ],
    [
      ["resolve", ""],
      [...types, ":4"],
    ],
    [
      ["run", "m"],
      ["ml", ":4"],
    ],
    [
      ["watch", "-o", "json", "n"],
      ["nlp", ":4"],
    ],
    [["resolve", "ml", ""], [":4"]],
    [["deny", "ml", ""], [":4"]],
    [
      ["policy", ""],
      ["get", "set", "unset", "test", ":4"],
    ],
    [
      ["pin", "ml", "--dry-run="],
      ["server", "client", "none", ":4"],
    ],
    [["policy", "test", "--policy", ""], [":0"]],
    [["list", ""], [":4"]],
    [["nothing", ""], [":4"]],
    [
      ["resolve", "--ex"],
      ["--explain", ":4"],
    ],
    [
      ["resolve", "-o", ""],
      ["table", "wide", "json", "yaml", "name", ":4"],
    ],
    [
      ["run", "ml", "--output=j"],
      ["json", ":4"],
    ],
    [
      ["run", "--security-context", "r"],
      ["restricted", ":4"],
    ],
    [["resolve", "-n", ""], [":4"]],
    [["resolve", "--kubeconfig", ""], [":0"]],
    [["resolve", "--layout="], [":16"]],
    [["run", "ml", "--", "--ou"], [":0"]],
  ];
  for (const [words, expected] of cases) {
    test(`after ${JSON.stringify(words)}`, async () => assert.deepEqual(await complete(...words), expected));
  }

  test("is nothing, and no error, where there is no cluster to ask", async () => {
    const io = fakeIo();
    await runHere(["__complete", "resolve", "--kubeconfig", "/nowhere", ""], io);
    assert.deepEqual(io.written(), { stdout: ":4\n", stderr: "" });
  });

  test("comes with a description after a tab", async () => {
    const { stdout } = await runHere(["__complete", "doc"]);
    assert.equal(
      stdout,
      "doctor\tcheck the cluster, the rights and the images, and say how to fix what is wrong\n:4\n",
    );
  });
});
