import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noCluster, testNamespace } from "../../../../testing/cluster.ts";
import { JOB_CASES } from "../testing/job-cases.ts";
import { jobFor } from "./job.ts";

describe("the Jobs of the table", { skip: noCluster }, () => {
  test("are accepted by the API server, and come back with all they were given", async () => {
    await using space = await testNamespace("jobs");
    for (const { name, resolution, request } of JOB_CASES) {
      const job = jobFor(resolution, request);
      const stored = await space.api.request(`/apis/batch/v1/namespaces/${space.name}/jobs`, {
        method: "POST",
        query: { dryRun: "All" },
        body: job,
      });
      // Some fields came with later versions of Kubernetes, or not at all to this one.
      const { spec, metadata } = stored as typeof job;
      assert.equal(metadata.name, job.metadata.name, name);
      assert.deepEqual(
        Object.keys(job.spec.template.spec).filter((field) => !(field in spec.template.spec)),
        [],
        name,
      );
    }
  });
});
