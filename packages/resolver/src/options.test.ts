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
    ["the option says so", { environment: "production" }, {}],
    ["EXECUTOR_ENVIRONMENT says so", {}, { EXECUTOR_ENVIRONMENT: "production" }],
    ["EXECUTOR_REGISTRY_URL is set", {}, { EXECUTOR_REGISTRY_URL: "https://registry.example" }],
    ["it is told of a registry", { registry: {} }, {}],
  ] as const satisfies [string, ResolverOptions, Record<string, string>][]) {
    test(`is production when ${name}`, () => assert.equal(chooseEnvironment(options, variables), "production"));
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
    checkOptions({}, "development");
    checkOptions({}, "production");
    checkOptions({ layout: "folder", template: "{type}" }, "development");
    checkOptions({ sources: ["nodes"], ledger: "off", configMap: "mine" }, "development");
    checkOptions({ registry: { url: "https://registry.example" } }, "production");
  });

  test("of the cluster exclude a layout", () => {
    assert.throws(() => checkOptions({ layout: "folder", sources: ["nodes"], ledger: "off" }, "development"), {
      code: "configuration",
      message: "option layout excludes sources, ledger: no cluster is contacted with it",
    });
  });

  test("name sources that exist, at least one", () => {
    assert.throws(() => checkOptions({ sources: [] }, "development"), { code: "configuration", message: /is empty/ });
    // @ts-expect-error as a caller without types may
    assert.throws(() => checkOptions({ sources: ["node"] }, "development"), {
      code: "configuration",
      message: /has "node"/,
    });
  });

  test("of one environment are refused in the other", () => {
    assert.throws(() => checkOptions({ layout: "folder", template: "{type}" }, "production"), {
      code: "configuration",
      message: "environment production excludes template, layout: the registry service alone answers there",
    });
    assert.throws(() => checkOptions({ registry: {} }, "development"), {
      code: "configuration",
      message: "environment development excludes registry: no registry service is asked there",
    });
  });
});
