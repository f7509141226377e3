import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ApiRequest } from "@executor-registry/resolver/kubernetes";
import { RequestConflictError } from "./tools/errors.ts";
import { jobFor } from "./job/job.ts";
import { submit } from "./submit.ts";
import { fakeApi, kubernetesError } from "../../../testing/fake-api.ts";
import { resolution } from "../../../testing/resolution.ts";

const job = jobFor(resolution(), { id: "1" });
const stored = { metadata: { ...job.metadata, uid: "uid-1" } };

/** Plays one answer after the other; an error is thrown. */
function scripted(...answers: unknown[]) {
  const requests: ApiRequest[] = [];
  const waits: number[] = [];
  const api = fakeApi((_, options) => {
    requests.push(options);
    return answers.shift();
  });
  const clock = { now: () => 0, sleep: async (ms: number) => void waits.push(ms) };
  return { api, requests, waits, options: { clock, random: () => 1 } };
}

const exists = kubernetesError("conflict", { status: 409, reason: "AlreadyExists" });
const lost = kubernetesError("unreachable");

describe("submitting", () => {
  test("to the connection's namespace, unless the request names one", async () => {
    const { api, options, requests } = scripted(stored);
    const made = await submit(api, job, options);
    assert.deepEqual(made, { namespace: "team", name: job.metadata.name, uid: "uid-1", created: true });
    assert.equal(requests[0]?.body, job);
  });

  test("an answer that is no Job is said to be none, and not taken for one", async () => {
    for (const answer of [{ kind: "List", items: [] }, "<html>", { metadata: { name: "x", uid: 7 } }]) {
      const { api, options, waits } = scripted(answer);
      await assert.rejects(submit(api, job, options), { code: "kubernetes-api", message: /the answer is not a Job/ });
      assert.deepEqual(waits, []);
    }
  });

  test("when an answer is lost, it tries again and finds its own Job", async () => {
    const { api, options, waits } = scripted(lost, lost, exists, stored);
    assert.equal((await submit(api, job, options)).created, false);
    assert.deepEqual(waits, [500, 1000]);
  });

  test("a Job that was in the way and is gone again makes room", async () => {
    const { api, options } = scripted(exists, kubernetesError("not-found", { status: 404 }), stored);
    assert.equal((await submit(api, job, options)).created, true);
  });

  test("after the last attempt the failure is the caller's", async () => {
    const { api, options, requests } = scripted(lost, lost, lost, stored);
    await assert.rejects(submit(api, job, { ...options, attempts: 3 }), lost);
    assert.equal(requests.length, 3);
  });

  test("a refusal is not tried again", async () => {
    const invalid = kubernetesError("kubernetes-api", { status: 422, reason: "Invalid" });
    const { api, options, requests } = scripted(invalid, stored);
    await assert.rejects(submit(api, job, options), invalid);
    assert.equal(requests.length, 1);
  });

  test("dev-09: a missing role and a used-up quota are reported at once", async () => {
    for (const code of ["forbidden", "not-admitted"] as const) {
      const refusal = kubernetesError(code, { status: 403, reason: "Forbidden" });
      const { api, options, requests, waits } = scripted(refusal, stored);
      await assert.rejects(submit(api, job, options), refusal);
      assert.deepEqual([requests.length, waits], [1, []]);
    }
  });

  test("a Job that is always in the way, and never there, ends the attempts", async () => {
    const missing = kubernetesError("not-found", { status: 404 });
    const { api, options } = scripted(exists, missing, exists, missing, exists, missing);
    await assert.rejects(submit(api, job, { ...options, attempts: 3 }), RequestConflictError);
  });

  test("aborted, it makes no attempt", async () => {
    const { api, options, requests } = scripted(stored);
    const reason = new Error("no longer wanted");
    await assert.rejects(submit(api, job, { ...options, signal: AbortSignal.abort(reason) }), reason);
    assert.equal(requests.length, 0);
  });
});
