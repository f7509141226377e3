import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { displayMembers, ownerMembers } from "./type-profile.ts";

describe("the owner of a type", () => {
  const label = { "executor-registry.dev/owner": "label-team", "org.opencontainers.image.vendor": "Base Images Inc." };
  test("is whom the configuration names, then the policy, then a label", () => {
    const configured = { owner: "ml-team" };
    const policy = { namespace: "registry.test/ml/*", owner: "policy-team" };
    assert.deepEqual(ownerMembers(configured, policy, label), { owner: "ml-team", ownerFrom: "configuration" });
    assert.deepEqual(ownerMembers({ displayName: "ML" }, policy, label), { owner: "policy-team", ownerFrom: "policy" });
    assert.deepEqual(ownerMembers(undefined, undefined, label), { owner: "label-team", ownerFrom: "label" });
    const { "executor-registry.dev/owner": _, ...vendor } = label;
    assert.deepEqual(ownerMembers(undefined, undefined, vendor), { owner: "Base Images Inc.", ownerFrom: "label" });
    assert.deepEqual(ownerMembers({}, undefined, {}), {});
  });

  test("is not whom a label names where a policy approves repositories and names no owner", () => {
    assert.deepEqual(ownerMembers(undefined, { namespace: "registry.test/**" }, label), {});
  });
});

describe("what is shown of a type", () => {
  const labels = {
    "org.opencontainers.image.title": "executor-ml",
    "org.opencontainers.image.description": "Trains\nmodels",
    "org.opencontainers.image.documentation": "https://docs.example/ml",
    "org.opencontainers.image.source": "https://git.example/ml",
  };
  test("is what the configuration says, then what labels say, and from where", () => {
    assert.deepEqual(displayMembers({ displayName: "Training", docs: "https://wiki.example/ml" }, labels).display, {
      name: { text: "Training", from: "configuration" },
      description: { text: "Trains models", from: "label" },
      documentation: { text: "https://wiki.example/ml", from: "configuration" },
      source: { text: "https://git.example/ml", from: "label" },
    });
    assert.deepEqual(displayMembers(undefined, {}), {});
  });

  test("has no links that are none of the web", () => {
    for (const link of [
      "javascript:alert(1)",
      "/docs",
      "file:///etc/passwd",
      `https://docs.example/${"x".repeat(1000)}`,
    ])
      assert.deepEqual(displayMembers(undefined, { "org.opencontainers.image.documentation": link }), {}, link);
  });
});
