import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ProblemDocument } from "@executor-registry/resolver";
import type { HistoryPage, JournalPage, SelectionChange } from "@executor-registry/resolver/internal";
import { exampleService } from "../../../../testing/example-service.ts";

// SHA-256 of "open-sesame" and of "submit".
const OPERATOR = "d7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7";
const DISPATCHER = "75490bd7b93e6fa7d18cfdea90cc6bcb983d5f3ea326249d2709ca6c94bc07ba";
const SETTINGS = `auth:
  tokens:
    - { name: op, role: operator, sha256: ${OPERATOR} }
    - { name: submitter, role: dispatcher, sha256: ${DISPATCHER} }
limits: { writesPerMinute: 10000 }
`;

describe("the operations of the selection", () => {
  let service: Awaited<ReturnType<typeof exampleService>>;
  before(async () => (service = await exampleService(SETTINGS)));
  after(() => service.close());

  const ask = async (line: string, body?: object, headers: Record<string, string> = {}) => {
    const [method = "", path = ""] = line.split(" ");
    const sent = { authorization: "Bearer open-sesame", "content-type": "application/json", ...headers };
    const response = await fetch(service.url + path, {
      method,
      headers: sent,
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as SelectionChange & ProblemDocument & HistoryPage & JournalPage;
    return { status: response.status, answer, etag: response.headers.get("etag") ?? "" };
  };
  const acts = async (): Promise<number> => (await ask("GET /journal?actor=token:op&limit=1000")).answer.entries.length;

  test("refuse mistakes with what is wrong", async () => {
    const reason = "why";
    for (const [line, body, detail] of [
      ["PUT /executors/ml/pin", { to: "1.3.0" }, /^body reason: /],
      ["PUT /executors/ml/pin", { to: "1.3.0", reason: " " }, /^body reason: expected why, in one line/],
      ["PUT /executors/ml/pin", { to: "1.3.0", reason: "a\nb" }, /one line/],
      ["PUT /executors/ml/pin", { to: "1.3.0", reason: "x".repeat(501) }, /at most 500 characters/],
      ["PUT /executors/ml/pin", { to: "a b", reason }, /^body to: expected a version, a tag or a digest/],
      ["PUT /executors/ml/pin", { to: "1.3.0", reason, for: "4 hours" }, /^body for: expected a duration from 1s/],
      ["PUT /executors/ml/pin", { to: "1.3.0", reason, for: "400d" }, /366d/],
      ["PUT /executors/ml/pin", { to: "1.3.0", reason, till: "x" }, /till/],
      ["PUT /executors/ml/pin?dryRun=all", { to: "1.3.0", reason }, /^query parameter dryRun: /],
      ["PUT /executors/ml/pin?dryRun=", { to: "1.3.0", reason }, /^query parameter dryRun: it is empty/],
      ["DELETE /executors/ml/pin", undefined, /^query parameter reason: /],
      ["POST /executors/ml/rollback", { reason, to: 0 }, /^body to: /],
      ["POST /executors/ml/denials", { reason }, /expected one of version, digest and pattern/],
      ["POST /executors/ml/denials", { reason, version: "1", pattern: "1" }, /one of/],
      ["POST /executors/ml/denials", { reason, digest: "sha256:0" }, /expected a digest/],
      [
        "POST /executors/ml/denials",
        { reason, pattern: "(" },
        /the pattern \( cannot be used: it is no regular expression/,
      ],
      ["DELETE /executors/ml/denials/0?reason=x", undefined, /^path parameter id: /],
      ["GET /executors/ml/history?limit=101", undefined, /^query parameter limit: /],
      ["PUT /policy", { reason, policies: [{ name: "a", kind: "latest" }] }, /policies\.0\.kind/],
    ] as const) {
      const { status, answer } = await ask(line, body);
      assert.deepEqual(
        [status, answer.code],
        [400, "invalid-request"],
        `${line} ${JSON.stringify(body)} ${JSON.stringify(answer)}`,
      );
      assert.match(answer.detail, detail, line);
    }
    assert.equal(await acts(), 0);
  });

  test("are for operators", async () => {
    const reason = "why";
    for (const [line, body] of [
      ["PUT /executors/ml/pin", { to: "1.3.0", reason }],
      ["POST /executors/ml/rollback", { reason }],
      ["POST /executors/ml/denials?dryRun=All", { version: "1.3.0", reason }],
      ["DELETE /executors/ml/denials/1?reason=x", undefined],
      ["PUT /policy", { policies: [], reason }],
      ["DELETE /policy?reason=x", undefined],
    ] as const) {
      assert.equal((await ask(line, body, { authorization: "" })).status, 401, line);
      assert.equal((await ask(line, body, { authorization: "Bearer submit" })).status, 403, line);
    }
    assert.equal((await ask("GET /executors/ml/history", undefined, { authorization: "" })).status, 200);
  });

  test("of two that were made from the same state, one is done", async () => {
    const { etag } = await ask("GET /executors/ml/pin");
    const pin = (to: string) => ask("PUT /executors/ml/pin", { to, reason: "a race" }, { "if-match": etag });
    const answers = await Promise.all([pin("1.3.0"), pin("1.3.1")]);
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 412]));
    await ask("DELETE /executors/ml/pin?reason=done");
  });

  test("of a request that is sent twice at once, one is done", async () => {
    const before = await acts();
    const headers = { "idempotency-key": '"twice"' };
    const pin = () => ask("PUT /executors/ml/pin", { to: "1.3.0", reason: "twice" }, headers);
    const answers = await Promise.all([pin(), pin(), pin()]);
    for (const { status, answer } of answers) {
      if (status === 409) assert.equal(answer.code, "idempotency-key-in-use");
      else assert.deepEqual([status, answer.outcome], [200, "changed"]);
    }
    assert.equal((await pin()).answer.outcome, "changed", "it is answered again");
    assert.equal(await acts(), before + 1);
    await ask("DELETE /executors/ml/pin?reason=done");
  });

  test("end a pin when its time is over", async () => {
    await ask("PUT /executors/ml/pin", { to: "1.3.0", reason: "briefly", for: "1s" });
    const pinned = async () => (await ask("GET /executors/ml")).answer as { pin?: object };
    while ((await pinned()).pin !== undefined);
    const { entries } = (await ask("GET /journal?kind=version-unpinned&limit=1")).answer;
    assert.match(entries[0]?.reason ?? "", /^its time was over at /);
  });

  test("of a type that is not known name those that are meant perhaps", async () => {
    for (const [line, body] of [
      ["GET /executors/mll/pin", undefined],
      ["PUT /executors/mll/pin", { to: "1.3.0", reason: "x" }],
      ["GET /executors/mll/policy", undefined],
    ] as const) {
      const { status, answer } = await ask(line, body);
      assert.deepEqual([status, answer.code, answer.nearMisses], [404, "unknown-type", ["ml"]], line);
    }
  });
});
