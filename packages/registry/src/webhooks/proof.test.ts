import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WebhookRequest } from "./webhook.ts";
import { createProofCheck, type Proof } from "./proof.ts";
import { post } from "./testing/requests.ts";

const TOKEN = "0123456789abcdef";
const refuses = (proof: Proof, request: WebhookRequest): void => {
  assert.throws(
    () => createProofCheck("x", proof)(request),
    (error: Error) => {
      assert.partialDeepStrictEqual(Object.assign({}, error), {
        name: "UnauthorizedWebhookError",
        code: "unauthorized",
        retryable: false,
      });
      assert.doesNotMatch(error.message, /s3cret|guess/);
      return true;
    },
  );
};

describe("how a sender proves who it is", () => {
  test("every configured header must come, once, with its whole value", () => {
    const proof = { headers: { Authorization: "Bearer s3cret", "x-team": "ml" } };
    createProofCheck("x", proof)(post("", { authorization: "Bearer s3cret", "x-team": ["ml"] }));
    refuses(proof, post(""));
    refuses(proof, post("", { authorization: "Bearer s3cret" }));
    refuses(proof, post("", { authorization: "Bearer s3cret", "x-team": ["ml", "ml"] }));
    refuses(proof, post("", { authorization: "s3cret", "x-team": "ml" }));
    refuses(proof, post("", { authorization: "Bearer s3cret ", "x-team": "ml" }));
  });

  test("a path token must be the configured one", () => {
    createProofCheck("x", { pathToken: TOKEN })(post("", {}, TOKEN));
    refuses({ pathToken: TOKEN }, post(""));
    refuses({ pathToken: TOKEN }, post("", {}, "guess"));
    refuses({ pathToken: TOKEN }, post("", {}, `${TOKEN}0`));
  });

  test("an empty or short secret lets no sender in", () => {
    for (const proof of [
      { headers: {} },
      { headers: { authorization: "" } },
      { pathToken: "" },
      { pathToken: "short" },
    ]) {
      assert.throws(() => createProofCheck("x", proof), { code: "configuration" });
    }
  });

  test("without a proof only where that was said", () => {
    createProofCheck("x", { unauthenticated: true })(post(""));
  });
});
