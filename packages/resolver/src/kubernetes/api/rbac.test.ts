import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KubernetesError } from "./errors.ts";
import { forbidden, refusedSubject } from "./forbidden.ts";
import { ForbiddenError } from "../../contract/resolver-errors.ts";
import { rbacManifest } from "./rbac.ts";

const subject = { kind: "ServiceAccount", name: "dispatcher", namespace: "team" } as const;

describe("a manifest of roles", () => {
  test("has a Role for what is in the namespace and a ClusterRole for nodes, each with its binding", () => {
    assert.equal(
      rbacManifest(["configmap", "nodes"], { namespace: "team", subject, configMap: "mine" }),
      `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: executor-registry-configmap
  namespace: team
rules:
  - apiGroups: [""]
    resources: [configmaps]
    resourceNames: [mine]
    verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: executor-registry-configmap-team-dispatcher
  namespace: team
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: executor-registry-configmap }
subjects:
  - kind: ServiceAccount
    name: dispatcher
    namespace: team
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: executor-registry-nodes
rules:
  - apiGroups: [""]
    resources: [nodes]
    verbs: [list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: executor-registry-nodes-team-dispatcher
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: executor-registry-nodes }
subjects:
  - kind: ServiceAccount
    name: dispatcher
    namespace: team
`,
    );
  });

  test("quotes what YAML would read as something else, and keeps names free of slashes", () => {
    const user = { kind: "User", name: 'arn:aws:iam::1:user/"me"' } as const;
    const manifest = rbacManifest(["pods"], { namespace: "123", subject: user });
    assert.match(manifest, /^  namespace: "123"$/m);
    assert.match(manifest, /^  name: "executor-registry-pods-arn:aws:iam::1:user--me-"$/m);
    assert.match(manifest, /^  - kind: User\n    name: "arn:aws:iam::1:user\/\\"me\\""\n    apiGroup: rbac/m);
    assert.match(rbacManifest(["pods"], { namespace: "null", subject }), /^  namespace: "null"$/m);
  });

  for (const [kind, name] of [
    ["User", "system:anonymous"],
    ["Group", "system:unauthenticated"],
  ] as const) {
    test(`dev-08: gives no rights to ${name}`, () => {
      assert.throws(() => rbacManifest(["nodes"], { namespace: "team", subject: { kind, name } }), {
        code: "unauthorized",
      });
    });
  }

  test("of nothing is empty", () => assert.equal(rbacManifest([], { namespace: "team", subject }), ""));
});

describe("whom the server refused", () => {
  for (const [message, expected] of [
    ['nodes is forbidden: User "system:serviceaccount:team:dispatcher" cannot list resource "nodes"', subject],
    ['jobs.batch is forbidden: User "jane@example.com" cannot create', { kind: "User", name: "jane@example.com" }],
    ["a proxy says no", undefined],
  ] as const) {
    test(`is ${expected?.name ?? "unknown"} by: ${message}`, () => assert.deepEqual(refusedSubject(message), expected));
  }

  test("dev-08: an unknown user is advised to log in, and gets no roles", () => {
    const place = { method: "GET", path: "/api/v1/nodes", server: "https://k" };
    const cause = new KubernetesError("forbidden", 'User "system:anonymous" cannot list resource "nodes"', place);
    const error = forbidden({ what: "nodes may not be read", features: ["nodes"], namespace: "team", cause });
    assert.equal(error.code, "unauthorized");
    assert.match(error.message, /log in/);
    assert.doesNotMatch(error.message, /kind:|apply/);
  });

  test("is the namespace's default service account where nothing is said", () => {
    const place = { method: "GET", path: "/api/v1/nodes", server: "https://k" };
    const cause = new KubernetesError("forbidden", "a proxy says no", place);
    const error = forbidden({ what: "nodes may not be read", features: ["nodes"], namespace: "team", cause });
    assert.ok(error instanceof ForbiddenError);
    assert.match(error.manifest, /name: default\n    namespace: team\n/);
    assert.equal(error.cause, cause);
    assert.ok(error.message.startsWith("nodes may not be read. To allow it, apply:\napiVersion: "));
  });
});
