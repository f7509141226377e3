import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ErrorCode, ERRORS, ExecutorRegistryError } from "@executor-registry/resolver";
import { exitCodes } from "./exit-codes.ts";
import { causesOf, exitOf, hintOf } from "./failure.ts";
import { KubernetesError } from "@executor-registry/resolver/kubernetes";
import { Interruption, interruptedExit } from "@executor-registry/resolver/internal";
import { UsageError } from "./usage-error.ts";

const CODES = Object.keys(ERRORS) as ErrorCode[];

describe("exit codes", () => {
  for (const code of CODES) {
    test(`${code} ends with the code that help shows`, () => {
      const { exit, title } = ERRORS[code];
      assert.equal(exitOf(new ExecutorRegistryError(code, "")), exit);
      assert.ok(
        exitCodes()
          .find((row) => row.code === exit)
          ?.meanings.includes(title),
      );
    });
  }

  test("wrong usage is 2, a bug is 1", () => {
    assert.equal(exitOf(new UsageError("")), 2);
    assert.equal(exitOf(new TypeError("")), 1);
  });

  test("each is listed once, in order", () => {
    const codes = exitCodes().map(({ code }) => code);
    assert.deepEqual(codes, [0, 1, 2, 3, 4, 5, 6, 7, 125, 130, 141, 143]);
  });

  test("an interruption's is the signal's", () => {
    assert.equal(interruptedExit(AbortSignal.abort(new Interruption("", 143))), 143);
    assert.equal(interruptedExit(AbortSignal.abort()), 130);
  });
});

describe("hints", () => {
  test("say where help is", () => {
    assert.equal(hintOf(new UsageError("", "list"), "kubectl executors"), "see `kubectl executors help list`");
  });

  test("lead from a refusal to the doctor", () => {
    assert.match(
      hintOf(new ExecutorRegistryError("forbidden", ""), "kubectl executors") ?? "",
      /`kubectl executors doctor`/,
    );
  });

  test("distinguish an unknown user from one without rights", () => {
    const place = { method: "GET", path: "/", server: "https://double" };
    const stranger = new KubernetesError("unauthorized", "no credentials came", place, { status: 403 });
    for (const error of [
      stranger,
      new ExecutorRegistryError("unauthorized", "nodes may not be read", { cause: stranger }),
    ]) {
      assert.match(hintOf(error, "") ?? "", /log in/);
    }
  });

  test("dev-09: do not advise the doctor for what a gateway refuses", () => {
    const place = { method: "GET", path: "/api", server: "https://double" };
    const refused = (message: string) =>
      hintOf(new KubernetesError("forbidden", message, place, { status: 403 }), "er");
    assert.match(
      refused('pods is forbidden: User "ann" cannot list resource "pods" (403 Forbidden)') ?? "",
      /`er doctor`/,
    );
    for (const message of ["<html>blocked by policy</html> (403)", "the server gave no reason (403)"]) {
      assert.match(refused(message) ?? "", /proxy or gateway/);
      assert.doesNotMatch(refused(message) ?? "", /doctor/);
    }
  });

  test("dev-07: give no advice about credentials where there were none: the message says why", () => {
    const place = { method: "GET", path: "/", server: "https://double" };
    const cause = new KubernetesError("unauthorized", "the credential plugin aws was not found", place);
    assert.equal(hintOf(new ExecutorRegistryError("unauthorized", "", { cause }), ""), undefined);
  });

  test("are not made up", () => {
    assert.equal(hintOf(new ExecutorRegistryError("conflict", ""), ""), undefined);
    assert.equal(hintOf(new TypeError(""), ""), undefined);
  });
});

test("causes go down to the first", () => {
  const error = new Error("top", { cause: new Error("middle", { cause: new Error("bottom") }) });
  assert.deepEqual(causesOf(error), ["middle", "bottom"]);
});
