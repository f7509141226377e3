import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Flags, GLOBAL_FLAGS } from "./flags.ts";
import { parseFlags } from "./parse-flags.ts";
import { UsageError } from "./usage-error.ts";

const FLAGS: Flags = {
  ...GLOBAL_FLAGS,
  watch: { type: "boolean", short: "w", help: "" },
  env: { type: "string", short: "e", multiple: true, help: "" },
  "dry-run": { type: "boolean", choices: ["server", "client"], help: "" },
};
const parse = (...args: string[]) => parseFlags(args, FLAGS, "run");

describe("parseFlags", () => {
  const forms = [
    ["-o", "json"],
    ["-ojson"],
    ["-o=json"],
    ["--output", "json"],
    ["--output=json"],
    ["-o", "yaml", "-o", "json"],
  ];
  for (const args of forms) {
    test(`takes ${args.join(" ")}`, () => assert.deepEqual(parse(...args).flags, { output: "json" }));
  }

  test("takes switches alone, bundled, and with a value", () => {
    assert.deepEqual(parse("-wv").flags, { watch: true, verbose: true });
    assert.deepEqual(parse("--watch=false", "-v").flags, { watch: false, verbose: true });
  });

  test("takes switches that have values of their own", () => {
    for (const [args, value] of [
      [["--dry-run", "ml"], true],
      [["--dry-run=client", "ml"], "client"],
      [["ml", "--dry-run=false"], false],
    ] as const) {
      const { flags, words } = parse(...args);
      assert.deepEqual([flags["dry-run"], words], [value, ["ml"]]);
    }
    assert.throws(() => parse("--dry-run=all"), { message: "--dry-run is server, client, true or false, not all" });
  });

  test("takes flags between words, and leaves what follows -- alone", () => {
    const { flags, words, rest } = parse("ml", "-n", "team", "--", "--epochs", "3", "--", "-o", "x");
    assert.deepEqual(flags, { namespace: "team" });
    assert.deepEqual(words, ["ml"]);
    assert.deepEqual(rest, ["--epochs", "3", "--", "-o", "x"]);
  });

  test("collects what may be repeated", () => {
    assert.deepEqual(parse("-e", "A=1", "--env=B=x=y").flags, { env: ["A=1", "B=x=y"] });
  });

  const wrong: readonly (readonly [string[], string])[] = [
    [["--explian"], "unknown flag --explian"],
    [["--namspace", "x"], "unknown flag --namspace; did you mean --namespace?"],
    [["--conf"], "unknown flag --conf; did you mean --config-map?"],
    [["-x"], "unknown flag -x"],
    [["--__proto__"], "unknown flag --__proto__"],
    [["-o"], "-o needs a value"],
    [["-n", "-w"], "-n needs a value; if it is -w, write -n=-w"],
    [["--output=xml"], "--output xml is not one of table, wide, json, yaml, name"],
    [["--watch=maybe"], "--watch is true or false, not maybe"],
  ];
  for (const [args, message] of wrong) {
    test(`refuses ${args.join(" ")}`, () => {
      assert.throws(
        () => parse(...args),
        (error: unknown) => {
          assert.ok(error instanceof UsageError);
          assert.equal(error.message, message);
          assert.equal(error.command, "run");
          return true;
        },
      );
    });
  }

  test("understands every line or says what is wrong with it, and hands on all that follows --", () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom("-o", "json", "--", "-w", "--env", "-e=A=1", "--watch=", "-", "ml"),
    );
    fc.assert(
      fc.property(fc.array(word), (args) => {
        try {
          const end = args.indexOf("--");
          assert.deepEqual(parse(...args).rest, end < 0 ? [] : args.slice(end + 1));
        } catch (error) {
          assert.ok(error instanceof UsageError, String(error));
        }
      }),
    );
  });
});
