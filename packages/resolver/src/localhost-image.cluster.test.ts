import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { createResolver } from "@executor-registry/resolver";
import {
  buildImage,
  cronJobsOf,
  eventually,
  loadImages,
  noNode,
  removeImages,
  testNamespace,
} from "../../../testing/cluster.ts";

interface Pod {
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly { readonly imageID?: string }[];
  };
}

const suffix = randomBytes(4).toString("hex");

const POD = `localhost/executor-pod-${suffix}:p1`;
const SKAFFOLD = `localhost:5999/executor-ska-${suffix}:${randomBytes(32).toString("hex")}`;

describe(
  "dev-11: an image that only the node knows, declared with the policy that the API server fills in",
  { skip: noNode },
  () => {
    before(async () =>
      loadImages(...(await Promise.all([POD, SKAFFOLD].map((image) => buildImage(image, 100, "sh", "-c", "exit 0"))))),
    );
    after(() => removeImages(POD, SKAFFOLD));

    for (const [what, image] of [
      ["built by podman", POD],
      ["loaded by Skaffold with --default-repo", SKAFFOLD],
    ] as const) {
      test(`${what} is run from there`, async () => {
        await using space = await testNamespace("local");
        const { api, name: namespace } = space;
        const name = image.slice(image.indexOf("/") + 1, image.lastIndexOf(":"));
        const type = name.slice("executor-".length);
        const resolver = createResolver({ kubernetes: api, ledger: "off" });
        try {
          const jobs = await cronJobsOf(space);
          const template = (of: string) => ({
            spec: { restartPolicy: "Never", containers: [{ name: "executor", image: of }] },
          });
          const spec = (of: string) => ({
            schedule: "0 0 31 2 *",
            suspend: true,
            jobTemplate: { spec: { template: template(of) } },
          });
          await api.request(jobs, { method: "POST", body: { metadata: { name }, spec: spec(name) } });
          const contentType = "application/strategic-merge-patch+json";
          const body = { spec: { jobTemplate: { spec: { template: { spec: template(image).spec } } } } };
          const patched = await api.request(`${jobs}/${name}`, { method: "PATCH", contentType, body });
          assert.match(JSON.stringify(patched), /"imagePullPolicy":"Always"/);

          const answer = await eventually("the node's report", 60_000, async () => {
            const found = await resolver.resolve(type).catch(() => undefined);
            return found?.source === "declared" && found.nodes ? found : undefined;
          });
          assert.deepEqual([answer.image, answer.pullPolicy, answer.nodes], [image, "Never", ["node-1"]]);

          const pods = `/api/v1/namespaces/${namespace}/pods` as const;
          const container = { name: "executor", image: answer.image, imagePullPolicy: answer.pullPolicy };
          await api.request(pods, {
            method: "POST",
            body: {
              metadata: { name: "run" },
              spec: { restartPolicy: "Never", nodeName: answer.nodes?.[0], containers: [container] },
            },
          });
          const ended = await eventually("the pod's end", 60_000, async () => {
            const pod = (await api.request(`${pods}/run`)) as Pod;
            return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed" ? pod : undefined;
          });
          assert.equal(ended.status?.phase, "Succeeded");

          // The pod's imageID may be the digest of an index made while loading (containerd 2.4): it is nobody's digest here.
          const seen = createResolver({ kubernetes: api, sources: ["nodes"], ledger: "off" });
          const { candidates, digest } = await seen.resolve(type);
          await seen.close();
          const evidence = candidates[0]?.evidence.map(({ kind }) => kind);
          assert.deepEqual([digest, candidates.length, evidence?.includes("pod-start")], [undefined, 1, true]);
        } finally {
          await resolver.close();
          await removeImages(image);
        }
      });
    }
  },
);
