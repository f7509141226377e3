import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SCRIPTS } from "./scripts.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const COMMAND = `#!/bin/sh
exec "${process.execPath}" --conditions=executor-registry-source "${join(ROOT, "packages/cli/src/main.ts")}" "$@"
`;

/** Why a shell's script cannot be tried, or `false`. */
const without = (shell: string): string | false =>
  spawnSync(shell, ["--version"]).error ? `${shell} is not installed` : false;

describe("completion in", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "completion-"));
    await writeFile(join(folder, "executor-registry"), COMMAND, { mode: 0o755 });
    for (const [shell, script] of Object.entries(SCRIPTS)) await writeFile(join(folder, shell), script);
  });
  after(() => rm(folder, { recursive: true }));

  /** What a shell says to a script of its own, in lines. */
  async function shell(name: string, args: readonly string[], script: string): Promise<string[]> {
    const env = {
      ...process.env,
      PATH: `${folder}:${process.env["PATH"]}`,
      EXECUTOR_LAYOUT: join(ROOT, "examples/layout"),
    };
    const { stdout } = await run(name, [...args, "-c", script], { env });
    return stdout.trimEnd().split("\n");
  }

  test("bash: types, values cut at the sign, flags", { skip: without("bash") }, async () => {
    const complete = (words: string) =>
      shell(
        "bash",
        ["--norc", "--noprofile"],
        `source ${folder}/bash
         COMP_WORDS=(executor-registry ${words}); COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
         _executor_registry; printf '%s\\n' "\${COMPREPLY[@]}"`,
      );
    assert.deepEqual(await complete("resolve ''"), ["etl", "ml", "nlp"]);
    assert.deepEqual(await complete("list --output = j"), ["json"]);
    assert.deepEqual(await complete("list --output ="), ["table", "wide", "json", "yaml", "name"]);
    assert.deepEqual(await complete("run --output = json n"), ["nlp"]);
    assert.deepEqual(await complete("resolve --strict --ex"), ["--explain"]);
    assert.deepEqual(await complete("resolve nothing ''"), [""]);
  });

  test("zsh: types with their versions, values after the sign", { skip: without("zsh") }, async () => {
    const complete = (words: string) =>
      shell(
        "zsh",
        ["-f"],
        `_describe() { print -l -- "\${(@P)2}" }; _files() { print files "$@" }; compset() { print compset "$@" }
         source ${folder}/zsh
         words=(executor-registry ${words}); CURRENT=$#words; _executor_registry`,
      );
    assert.deepEqual(await complete("resolve ''"), ["etl:0.9.2", "ml:1.4.0", "nlp:2026-11-20"]);
    assert.deepEqual(await complete("list --output=j"), ["compset -P 1 *=", "json"]);
    assert.deepEqual(await complete("list --kubeconfig ''"), ["files"]);
    assert.deepEqual(await complete("list --layout ''"), ["files -/"]);
  });

  test("fish: types with their versions, whole flags", { skip: without("fish") }, async () => {
    const complete = (line: string) => shell("fish", ["--no-config"], `source ${folder}/fish; complete -C '${line}'`);
    assert.deepEqual(await complete("executor-registry resolve "), ["etl\t0.9.2", "ml\t1.4.0", "nlp\t2026-11-20"]);
    assert.deepEqual(await complete("executor-registry list --output=j"), ["--output=json"]);
    assert.deepEqual(await complete("executor-registry res"), ["resolve\tprint the image of an executor type"]);
  });
});
