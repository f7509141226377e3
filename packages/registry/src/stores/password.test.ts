import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { readPassword } from "./password.ts";

describe("a store's password", () => {
  test("is read from a file, each time anew, without the newline at its end", async () => {
    const folder = await mkdtemp(join(tmpdir(), "password-"));
    const file = join(folder, "password");
    for (const [written, password] of [
      ["first\n", "first"],
      ["second\r\n", "second"],
      [" with spaces \n\n", " with spaces \n"],
      ["Ω", "Ω"],
    ] as const) {
      await writeFile(file, written);
      assert.equal(await readPassword({ file }), password);
    }
    for (const written of ["", "\n"]) {
      await writeFile(file, written);
      await assert.rejects(readPassword({ file }), {
        name: "PasswordError",
        message: `the password's file ${file} holds no password`,
      });
    }
    await assert.rejects(readPassword({ file: join(folder, "none") }), { message: /none cannot be read \(ENOENT\)$/ });
    await assert.rejects(readPassword({ file: folder }), { message: /cannot be read \(it is not a regular file\)$/ });
    await rm(folder, { recursive: true });
  });

  test("is read from an environment variable", async () => {
    assert.equal(await readPassword({ env: "DB" }, { env: { DB: "hunter2" } }), "hunter2");
    for (const env of [{}, { DB: "" }]) {
      await assert.rejects(readPassword({ env: "DB" }, { env }), { message: /variable DB .*is not set/ });
    }
  });

  test("is printed by a program, which no shell runs", async () => {
    const command = [process.execPath, "-p", "process.argv[1]", "$HOME; `id`"] as const;
    assert.equal(await readPassword({ command }), "$HOME; `id`");
  });

  test("is never part of what is said of a program that fails", async () => {
    const folder = await mkdtemp(join(tmpdir(), "password-"));
    const refused = join(folder, "not-executable");
    await writeFile(refused, "#!/bin/sh\n");
    await chmod(refused, 0o600);
    for (const [command, message] of [
      [
        ["sh", "-c", "echo hunter2; echo hunter2 >&2; exit 3"],
        "the password's program sh failed with exit code 3; run it by hand to see why",
      ],
      [["true", "hunter2"], "the password's program true holds no password"],
      [["no-such-program", "hunter2"], "the password's program no-such-program is not installed"],
      [[refused], `the password's program ${refused} cannot be run (EACCES)`],
      [["yes", "hunter2"], "the password's program yes prints more than 65536 bytes"],
    ] as const) {
      await assert.rejects(readPassword({ command }), (problem: Error) => {
        assert.equal(problem.message, message);
        return true;
      });
    }
    await rm(folder, { recursive: true });
  });

  test("does not keep a caller waiting who gives up, nor what the program started", async () => {
    const ending = new AbortController();
    const reading = readPassword({ command: ["sh", "-c", "sleep 100 & wait"] }, { signal: ending.signal });
    ending.abort();
    await assert.rejects(reading, { message: "the password's program sh was ended" });
    await assert.rejects(readPassword({ command: ["sleep", "100"] }, { signal: AbortSignal.abort() }), {
      message: "the password's program sleep was ended",
    });
  });
});
