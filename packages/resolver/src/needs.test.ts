import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { kubernetesServer } from "../../../testing/kubernetes-server.ts";
import { production } from "../../../testing/production-resolver.ts";
import { documentOf } from "../../../testing/registry-double.ts";
import type { CapabilityDetail } from "./contract/capability.ts";
import { NoMatchError } from "./contract/resolver-errors.ts";
import { createResolver } from "./resolver.ts";

const found = (...capabilities: readonly (readonly [string, string])[]) => {
  const capabilityDetails = capabilities.map(([name, version]): CapabilityDetail => {
    return { name, version, from: "sbom", evidence: `pkg:generic/${name}@${version}` };
  });
  return { capabilities: capabilityDetails.map(({ name }) => name), capabilityDetails };
};

describe("in production, who needs capabilities", () => {
  /** `ml` can do less than `nlp`. */
  async function world(...options: Parameters<typeof production>) {
    const made = await production(...options);
    made.registry.set("ml", {
      ...documentOf("ml", "executor-ml:1.0"),
      ...found(["cuda", "12.4"], ["pytorch", "2.4.0"]),
    });
    made.registry.set("nlp", {
      ...documentOf("nlp", "executor-nlp:1.0"),
      ...found(["cuda", "11.8"], ["pytorch", "2.4.0"], ["spacy", "3.7.5"]),
    });
    return made;
  }

  test("gets the type that has them and least besides, as if it had been named", async () => {
    await using made = await world();
    const { resolver } = made;
    const answer = await resolver.resolve({ needs: ["pytorch"] });
    assert.equal(answer, await resolver.resolve("ml"));
    assert.deepEqual(answer.capabilityDetails?.[0], {
      name: "cuda",
      version: "12.4",
      from: "sbom",
      evidence: "pkg:generic/cuda@12.4",
    });
    assert.equal((await resolver.resolve({ needs: ["pytorch", "cuda<12"] })).type, "nlp");
    assert.equal((await resolver.resolve({ needs: ["pytorch", "spacy>=3"], subject: "run-1" })).type, "nlp");
  });

  test("is told what each type lacks, and what is no need, without asking", async () => {
    await using made = await world();
    const { registry, resolver } = made;
    await assert.rejects(resolver.resolve({ needs: ["cuda>>12"] }), { code: "invalid-request" });
    await assert.rejects(resolver.resolve({ needs: [] }), { code: "invalid-request" });
    assert.equal(registry.received.length, 0);
    await assert.rejects(resolver.resolve({ needs: ["cuda>=13"] }), (error: unknown) => {
      assert.ok(error instanceof NoMatchError);
      assert.equal(
        error.message,
        "no executor type has cuda>=13: ml lacks cuda>=13 (it has cuda 12.4); nlp lacks cuda>=13 (it has cuda 11.8)",
      );
      return true;
    });
  });

  test("goes on being answered while the service is away, as stale, and gets what is new once it is back", async () => {
    await using made = await world();
    const { clock, registry, resolver } = made;
    assert.equal((await resolver.resolve({ needs: ["pytorch"] })).stale, false);
    await registry.stop();
    await clock.advance(3_600_000);
    const stale = await resolver.resolve({ needs: ["pytorch", "cuda>=12"] });
    assert.deepEqual([stale.type, stale.stale, stale.staleSince], ["ml", true, "2026-11-23T00:00:00.000Z"]);
    await registry.start();
    registry.set("ml", { ...documentOf("ml", "executor-ml:2.0"), ...found(["cuda", "13.0"]) });
    await clock.advance(60_000);
    const back = async (): Promise<string> => (await resolver.resolve({ needs: ["cuda>=12"] })).version;
    while ((await back()) !== "2.0") await clock.advance(1000);
    await assert.rejects(resolver.resolve({ needs: ["pytorch", "cuda>=12"] }), { code: "no-match" });
  });

  test("is not answered by a service that never was, after a close, and after giving up", async () => {
    await using made = await world();
    const { registry, resolver } = made;
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(resolver.resolve({ needs: ["cuda"], signal }), { message: "enough" });
    await registry.stop();
    await assert.rejects(resolver.resolve({ needs: ["cuda"] }), { name: "RegistryServiceError" });
    await resolver.close();
    await assert.rejects(resolver.resolve({ needs: ["cuda"] }), { code: "closed" });
  });
});

describe("in development, who needs capabilities", () => {
  test("gets the type that is declared with them", async () => {
    await using server = await kubernetesServer({ "/apis/batch/v1": { resources: [{ name: "cronjobs" }] } });
    const template = { spec: { containers: [{ name: "executor", image: "executor-ml:1" }] } };
    const annotations = { "executor-registry.dev/capabilities": "pytorch=2.4, cuda=12.4" };
    server.put(
      "executor-ml",
      { metadata: { name: "executor-ml", annotations }, spec: { suspend: true, jobTemplate: { spec: { template } } } },
      "cronjobs",
    );
    server.put(
      "executors",
      {
        metadata: { name: "executors", annotations: { "capabilities.executor-registry.dev/nlp": "spacy" } },
        data: { nlp: "executor-nlp:1", etl: "executor-etl:1" },
      },
      "configmaps",
    );
    const kubernetes = server.api();
    const resolver = createResolver({ environment: "development", kubernetes, sources: ["declared", "configmap"] });
    try {
      const ml = await resolver.resolve({ needs: ["pytorch", "cuda>=12"] });
      assert.deepEqual([ml.type, ml.capabilities], ["ml", ["cuda", "pytorch"]]);
      assert.deepEqual(ml.capabilityDetails?.[1], {
        name: "cuda",
        version: "12.4",
        from: "configuration",
        evidence: "CronJob/executor-ml",
      });
      assert.equal((await resolver.resolve({ needs: ["spacy"] })).type, "nlp");
      await assert.rejects(resolver.resolve({ needs: ["spark"] }), {
        code: "no-match",
        message:
          "no executor type has spark: etl lacks spark; ml lacks spark; nlp lacks spark. Not everything is known of etl (nothing is declared): " +
          "in development, annotate the CronJob or Deployment that declares it with executor-registry.dev/capabilities: spark",
      });
    } finally {
      await resolver.close();
      kubernetes.close();
    }
  });

  test("gets the type of a layout whose image is labelled with them", async () => {
    const layout = fileURLToPath(new URL("../../../examples/layout", import.meta.url));
    const resolver = createResolver({ environment: "development", layout });
    assert.equal((await resolver.resolve({ needs: ["cuda"] })).type, "ml");
    await assert.rejects(
      resolver.resolve({ needs: ["cuda>=12"] }),
      /ml lacks cuda>=12 \(the version of its cuda is not known\)/,
    );
    await resolver.close();
  });
});
