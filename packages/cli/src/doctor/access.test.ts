import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { fakeApi, refusedByRbac } from "../../../../testing/fake-api.ts";
import { doctorContext } from "../testing/fake-io.ts";
import { checkAccess } from "./access.ts";

interface Wish {
  readonly group: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly namespace?: string;
}

/** A cluster that allows some wishes, and knows who asks only when it refuses. */
const allowing = (allowed: (wish: Wish) => boolean) =>
  doctorContext(
    fakeApi((path, { body }) => {
      if (!path.endsWith("/selfsubjectaccessreviews")) return refusedByRbac(path);
      const { spec } = body as { readonly spec: { readonly resourceAttributes: Wish } };
      return { status: { allowed: allowed(spec.resourceAttributes) } };
    }),
  );

describe("rights", () => {
  test("that are all there need no manifest", async () => {
    const wishes: Wish[] = [];
    const { checks, manifest } = await checkAccess(allowing((wish) => wishes.push(wish) > 0));
    assert.equal(manifest, undefined);
    assert.ok(checks.every(({ state }) => state === "ok"));
    const asked = (wish: Wish) => wishes.some((one) => JSON.stringify(one) === JSON.stringify(wish));
    assert.ok(asked({ verb: "watch", group: "", resource: "nodes" }), "nodes belong to no namespace");
    assert.ok(wishes.some(({ resource, name }) => resource === "configmaps" && name === "executors"));
    assert.ok(wishes.some(({ resource, subresource }) => resource === "pods" && subresource === "log"));
  });

  test("that one source has are enough to resolve; the others' roles are printed for who asks", async () => {
    const { checks, manifest = "" } = await checkAccess(allowing(({ resource }) => resource !== "nodes"));
    assert.deepEqual(
      checks.filter(({ state }) => state !== "ok").map(({ name, state, detail }) => [name, state, detail]),
      [["rbac: nodes", "warn", "may not find executor images on the nodes (list nodes, watch nodes)"]],
    );
    const documents = parseAllDocuments(manifest).map((document) => document.toJS() as Record<string, unknown>);
    assert.deepEqual(
      documents.map(({ kind }) => kind),
      ["ClusterRole", "ClusterRoleBinding"],
    );
    assert.deepEqual(documents[1]?.["subjects"], [{ kind: "ServiceAccount", name: "robot", namespace: "team" }]);
  });

  test("that no source has are a failure, as those of the dispatcher are", async () => {
    const { checks, manifest = "" } = await checkAccess(allowing(() => false));
    const failed = checks.filter(({ state }) => state === "fail").map(({ name }) => name);
    assert.deepEqual(failed, ["rbac: declared", "rbac: configmap", "rbac: nodes", "rbac: dispatcher"]);
    assert.deepEqual(
      parseAllDocuments(manifest).map((document) => document.get("kind")),
      ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
    );
  });
});
