import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { systemClock } from "../clock.ts";
import type { KubernetesError } from "./errors.ts";
import { answerError } from "./failures.ts";

const place = { method: "GET", path: "/api/v1/namespaces/a/services/http:b:80/proxy/x", server: "https://double" };
const errorOf = (body: string): KubernetesError =>
  answerError(place, { status: 503, headers: {}, body: Buffer.from(body) }, systemClock);

describe("an answer outside 2xx", () => {
  test("of a service behind the API server's proxy is kept, since only it says what is wrong", () => {
    assert.deepEqual(errorOf('{"code":"unknown-type"}').answer, { code: "unknown-type" });
  });

  test("of the API server itself, or of a proxy that speaks no JSON, is in the message alone", () => {
    for (const body of ['{"kind":"Status","message":"no endpoints available"}', "no endpoints available"]) {
      const { answer, message } = errorOf(body);
      assert.equal(answer, undefined);
      assert.match(message, /no endpoints available \(503\)/);
    }
  });
});
