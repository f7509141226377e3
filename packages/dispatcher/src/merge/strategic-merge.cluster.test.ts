import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { noCluster, type TestNamespace, testNamespace } from "../../../../testing/cluster.ts";
import { isObject } from "@executor-registry/resolver/internal";
import { MERGE_CASES } from "../testing/merge-cases.ts";

// The API server itself is the judge of what a strategic merge is: it merges the same patches into a Deployment's template.

describe("a strategic merge by the API server", { skip: noCluster }, () => {
  let space: TestNamespace;

  before(async () => {
    space = await testNamespace("merge");
  });
  after(() => space[Symbol.asyncDispose]());

  const labels = { app: "merge" };
  const deployment = (spec: object): object => ({ spec: { template: { metadata: { labels }, spec } } });

  for (const [index, { name, original, patch, result }] of MERGE_CASES.entries()) {
    test(name, async () => {
      const path = `/apis/apps/v1/namespaces/${space.name}/deployments` as const;
      const own = { metadata: { name: `merge-${index}` }, spec: { replicas: 0, selector: { matchLabels: labels } } };
      const { spec } = deployment(original) as { readonly spec: object };
      await space.api.request(path, { method: "POST", body: { ...own, spec: { ...own.spec, ...spec } } });
      const merged = (await space.api.request(`${path}/merge-${index}`, {
        method: "PATCH",
        contentType: "application/strategic-merge-patch+json",
        body: { spec: { template: { spec: patch } } },
      })) as { readonly spec: { readonly template: { readonly spec: unknown } } };
      assert.deepEqual(withoutDefaults(merged.spec.template.spec, result), result);
    });
  }
});

/** The server adds defaults; only the fields and all the elements of `like` are compared. */
function withoutDefaults(value: unknown, like: unknown): unknown {
  if (Array.isArray(value)) {
    const model: readonly unknown[] = Array.isArray(like) ? like : [];
    return value.map((element, index) => withoutDefaults(element, model[index]));
  }
  if (!isObject(value) || !isObject(like)) return value;
  const optional = Object.keys(like).length === 0 ? {} : like;
  const present = Object.entries(value).filter(([name]) => name in optional || !DEFAULTED.has(name));
  return Object.fromEntries(present.map(([name, field]) => [name, withoutDefaults(field, like[name])]));
}

const DEFAULTED = new Set([
  "dnsPolicy",
  "imagePullPolicy",
  "protocol",
  "resources",
  "restartPolicy",
  "schedulerName",
  "securityContext",
  "terminationGracePeriodSeconds",
  "terminationMessagePath",
  "terminationMessagePolicy",
]);
