import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KubernetesError } from "./errors.ts";
import { ForbiddenError } from "../../contract/resolver-errors.ts";
import { forbidden } from "./forbidden.ts";

const refusal = new KubernetesError(
  "forbidden",
  'deployments.apps is forbidden: User "system:serviceaccount:team:robot" cannot list resource "deployments"',
  { method: "GET", path: "/", server: "https://double" },
);

describe("forbidden", () => {
  const robot = /kind: ServiceAccount\n +name: robot\n +namespace: team\n/;

  test("binds the roles to whom the server refused", () => {
    const error = forbidden({ what: "no", features: ["declared"], namespace: "team", cause: refusal });
    assert.ok(error instanceof ForbiddenError);
    assert.match(error.manifest, robot);
  });

  test("knows whom the server refused from a refusal that a source has reported", () => {
    const reported = forbidden({ what: "no", features: ["declared"], namespace: "team", cause: refusal });
    const error = forbidden({ what: "none", features: ["declared"], namespace: "team", cause: reported });
    assert.ok(error instanceof ForbiddenError);
    assert.match(error.manifest, robot);
  });
});
