import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { systemClock } from "../../tools/clock.ts";
import type { KubernetesError } from "./errors.ts";
import { answerError, statusError } from "./failures.ts";

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

  test("dev-08: to a stranger is no refusal of rights, but of missing credentials", () => {
    const message = 'cronjobs.batch is forbidden: User "system:anonymous" cannot list resource "cronjobs"';
    const error = statusError(place, { kind: "Status", message, reason: "Forbidden" }, { status: 403 });
    assert.deepEqual([error.code, error.status, error.retryable], ["unauthorized", 403, false]);
    assert.match(error.message, /no credentials came with the request/);
  });
});

describe("dev-09: a 403", () => {
  const refusal = (message: string, method = "POST", body: object = {}): KubernetesError =>
    answerError(
      { method, path: "/apis/batch/v1/namespaces/a/jobs", server: "https://double" },
      { status: 403, headers: {}, body: Buffer.from(JSON.stringify({ kind: "Status", message, ...body })) },
      systemClock,
    );

  for (const message of [
    'jobs.batch "x" is forbidden: exceeded quota: jobs, requested: count/jobs.batch=1, used: count/jobs.batch=1, limited: count/jobs.batch=1',
    'pods "x" is forbidden: failed quota: q: must specify limits.memory',
    'pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
    'jobs.batch "x" is forbidden: unable to create new content in namespace a because it is being terminated',
    'pods "x" is forbidden: error looking up service account a/b: serviceaccount "b" not found',
    'admission webhook "w.example" denied the request: jobs.batch is forbidden: User "bob" cannot create this',
    "jobs.batch \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: User \"bob\" cannot do that",
  ]) {
    test(`of quota, admission or termination is no missing role, and is not tried again: ${message.slice(0, 70)}`, () => {
      const { code, retryable, message: told } = refusal(message);
      assert.deepEqual([code, retryable], ["not-admitted", false]);
      assert.ok(told.includes(message));
    });
  }

  test("of a quota that is not counted yet passes within seconds", () => {
    const { code, retryable } = refusal('jobs.batch "x" is forbidden: status unknown for quota: q, resources: pods');
    assert.deepEqual([code, retryable], ["not-admitted", true]);
  });

  test("of an authorizer is about roles, whatever the user is called", () => {
    for (const user of ["bob", "system:serviceaccount:team:robot", 'CN=\\"x\\",O=y']) {
      assert.equal(refusal(`jobs.batch is forbidden: User "${user}" cannot create resource "jobs"`).code, "forbidden");
      assert.equal(refusal(`forbidden: User "${user}" cannot get path "/x"`, "GET").code, "forbidden");
    }
  });

  test("of a read, or of a gateway before the server, is about access", () => {
    assert.equal(refusal("no", "GET").code, "forbidden");
    assert.equal(refusal("no", "POST", { kind: undefined }).code, "forbidden");
  });
});
