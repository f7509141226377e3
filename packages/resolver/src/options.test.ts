import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkOptions, chooseEnvironment, type ResolverOptions } from "./options.ts";

describe("the environment", () => {
  for (const [name, options, variables] of [
    ["is development by default", {}, {}],
    ["is what the option says", { environment: "development" }, { EXECUTOR_ENVIRONMENT: "production" }],
    [
      "is what EXECUTOR_ENVIRONMENT says",
      {},
      { EXECUTOR_ENVIRONMENT: "development", EXECUTOR_REGISTRY_URL: "https://r" },
    ],
    ["is development for an empty EXECUTOR_ENVIRONMENT", {}, { EXECUTOR_ENVIRONMENT: "" }],
    [
      "is development for a layout, whatever registry is known",
      { layout: "." },
      { EXECUTOR_REGISTRY_URL: "https://r" },
    ],
  ] as const satisfies [string, ResolverOptions, Record<string, string>][]) {
    test(name, () => assert.equal(chooseEnvironment(options, variables), "development"));
  }

  for (const [name, options, variables] of [
    ["the option", { environment: "production" }, {}],
    ["EXECUTOR_ENVIRONMENT", {}, { EXECUTOR_ENVIRONMENT: "production" }],
    ["EXECUTOR_REGISTRY_URL", {}, { EXECUTOR_REGISTRY_URL: "https://user:secret@registry.example" }],
  ] as const satisfies [string, ResolverOptions, Record<string, string>][]) {
    test(`production by ${name} says that this release cannot, and what to do`, () => {
      assert.throws(
        () => chooseEnvironment(options, variables),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, "configuration");
          assert.match(error.message, /EXECUTOR_ENVIRONMENT=development/);
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
    });
  }

  test("is neither anything else", () => {
    assert.throws(() => chooseEnvironment({}, { EXECUTOR_ENVIRONMENT: "staging" }), {
      code: "configuration",
      message: 'environment "staging" is neither development nor production',
    });
  });
});

describe("options", () => {
  test("may be left out or combined", () => {
    checkOptions({});
    checkOptions({ layout: "folder", template: "{type}" });
    checkOptions({ sources: ["nodes"], ledger: "off", configMap: "mine" });
  });

  test("of the cluster exclude a layout", () => {
    assert.throws(() => checkOptions({ layout: "folder", sources: ["nodes"], ledger: "off" }), {
      code: "configuration",
      message: "option layout excludes sources, ledger: no cluster is contacted with it",
    });
  });

  test("name sources that exist, at least one", () => {
    assert.throws(() => checkOptions({ sources: [] }), { code: "configuration", message: /is empty/ });
    // @ts-expect-error as a caller without types may
    assert.throws(() => checkOptions({ sources: ["node"] }), { code: "configuration", message: /has "node"/ });
  });
});
