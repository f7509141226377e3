import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import type { ApiPath, KubernetesApi } from "../api/api.ts";
import { KubernetesError, type KubernetesErrorCode } from "../api/errors.ts";
import { cronJobsPath } from "./cron-jobs-path.ts";

const failure = (code: KubernetesErrorCode, retryAfter?: number): KubernetesError =>
  new KubernetesError(code, "made up", { method: "GET", path: "/", server: "" }, retryAfter ? { retryAfter } : {});

/** Asks a server that gives these answers, one a time. */
function ask(...answers: readonly unknown[]) {
  const clock = manualClock();
  const stop = new AbortController();
  const problems: string[] = [];
  const asked: ApiPath[] = [];
  const api: KubernetesApi = {
    server: "https://k",
    context: "made-up",
    namespace: "team",
    async request(path) {
      asked.push(path);
      const answer = answers[asked.length - 1];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    lines: () => Promise.reject(new Error("not asked for")),
    serverTime: () => undefined,
    close() {},
  };
  const contact = ({ code }: { code: string }): void => void problems.push(code);
  const path = cronJobsPath({ api, namespace: "team", signal: stop.signal, clock, random: () => 0.5, contact });
  return { path, clock, stop, problems, asked };
}

const resources = (...names: string[]) => ({ kind: "APIResourceList", resources: names.map((name) => ({ name })) });

describe("the path of CronJobs", () => {
  test("is batch/v1 where that has them, else batch/v1beta1", async () => {
    const modern = ask(resources("jobs", "cronjobs", "cronjobs/status"));
    assert.equal(await modern.path, "/apis/batch/v1/namespaces/team/cronjobs");
    assert.deepEqual(modern.asked, ["/apis/batch/v1"]);
    assert.equal(await ask(resources("jobs", "jobs/status")).path, "/apis/batch/v1beta1/namespaces/team/cronjobs");
  });

  test("is batch/v1 for who may not discover", async () => {
    assert.equal(await ask(failure("forbidden")).path, "/apis/batch/v1/namespaces/team/cronjobs");
  });

  test("is asked for again, later, while the server gives none, or nonsense", async () => {
    const { path, clock, problems } = ask(
      failure("unreachable"),
      failure("throttled", 7000),
      {},
      null,
      resources("cronjobs"),
    );
    const waits: number[] = [];
    for (let tries = 0; tries < 4; tries += 1) {
      const ms = await clock.nextSleep();
      waits.push(ms);
      await clock.advance(ms);
    }
    assert.equal(await path, "/apis/batch/v1/namespaces/team/cronjobs");
    assert.deepEqual(problems, ["unreachable", "throttled", "kubernetes-api", "kubernetes-api"]);
    assert.deepEqual(waits, [500, 7500, 2000, 4000]);
  });

  test("is not asked for any more once the signal aborts", async () => {
    const { path, clock, stop, asked } = ask(failure("unreachable"));
    await clock.nextSleep();
    stop.abort();
    assert.equal(await path, undefined);
    assert.equal(asked.length, 1);
  });
});
