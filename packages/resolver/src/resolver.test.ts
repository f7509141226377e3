import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createResolver } from "./resolver.ts";

const layout = fileURLToPath(new URL("../../../examples/layout", import.meta.url));
const environment = "development";

describe("createResolver", () => {
  test("throws at once for what can never work", () => {
    assert.throws(() => createResolver({ environment: "production" }), { code: "configuration" });
    assert.throws(() => createResolver({ environment, layout, ledger: "off" }), { code: "configuration" });
    assert.throws(() => createResolver({ environment, template: "executor" }), { code: "invalid-template" });
  });

  test("answers from a layout alone, without a cluster", async () => {
    const resolver = createResolver({ environment, layout });
    assert.equal(resolver.environment, environment);
    assert.deepEqual(
      (await resolver.sources()).map(({ name, status }) => [name, status.state]),
      [["oci-layout", "ready"]],
    );
    const [first] = await resolver.list();
    assert.ok(first);
    assert.equal(await resolver.resolve(first.type), first);
    await resolver.close();
  });

  test("says what is wrong with a kubeconfig to each caller", async () => {
    const resolver = createResolver({ environment, kubernetes: { kubeconfig: fileURLToPath(import.meta.url) } });
    await assert.rejects(resolver.resolve("ml"), { name: "KubeconfigError", code: "configuration" });
    await resolver.close();
  });
});
