import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { pushImage } from "../../../../testing/push.ts";
import { attackedService } from "../testing/attacked-service.ts";

/** What an adversary writes into an image to be taken for somebody else's. */
const SPOOFED = {
  created: "2099-01-01T00:00:00Z",
  labels: {
    "executor-registry.dev/owner": "ML platform",
    "executor-registry.dev/capabilities": "ml, nlp, gpu",
    "executor-registry.dev/type": "ml",
    "org.opencontainers.image.vendor": "ML platform",
    "org.opencontainers.image.version": "9.9.9",
    "org.opencontainers.image.ref.name": "ml-team/executor-ml:9.9.9",
    "org.opencontainers.image.base.name": "registry.example.com/base/approved",
    "io.buildpacks.base.name": "registry.example.com/base/approved",
  },
  annotations: { "org.opencontainers.image.ref.name": "ml-team/executor-ml" },
};

const configuration = (host: string) => ({
  executors: {
    tags: { template: "executor-{type}-{version}", repositories: ["ml-team/executors"] },
    aliases: { "custom-nlp": "executor-nlp" },
  },
  sources: [{ name: "main", kind: "oci", host, insecure: true, repositories: ["**"] }],
  checks: {
    policies: [
      { name: "ml", types: ["ml"], namespaces: { allow: [{ repositories: `${host}/ml-team/*`, owner: "ML" }] } },
      { name: "nlp", types: ["*nlp"], namespaces: { allow: [{ repositories: `${host}/nlp-team/**`, owner: "NLP" }] } },
    ],
  },
});

describe("somebody who may push elsewhere in the registry", { skip: noDockerRegistry }, () => {
  test("gets no type served from a repository that its policy does not approve, whatever names and labels say", async () => {
    await using registry = await startDockerRegistry();
    const ml = await pushImage(registry, "ml-team/executor-ml", "1.0.0", {
      labels: { "executor-registry.dev/owner": "Somebody else" },
    });
    const nlp = await pushImage(registry, "nlp-team/executor-nlp", "1.0.0", { created: "2026-01-01T00:00:00Z" });
    await using attacked = await attackedService(configuration(registry.host));
    await attacked.serves("ml", ml.digest);

    const evil: string[] = [];
    const push = async (repository: string, tag: string): Promise<void> => {
      const { digest } = await pushImage(registry, repository, tag, { ...SPOOFED, env: [`R=${repository}`] });
      evil.push(digest);
    };
    const squatted = [
      ["ml", "evil/executor-ml", "9.9.9"],
      ["ml", "nlp-team/executor-ml", "9.9.9"],
      ["ml", "ml-team-2/executor-ml", "9.9.9"],
      ["ml", "xml-team/executor-ml", "9.9.9"],
      ["ml", "evil/ml-team/executor-ml", "9.9.9"],
      ["ml", "ml-team/evil/executor-ml", "9.9.9"],
      ["ml", "evil/ml-team/executors", "executor-ml-9.9.9"],
      ["custom-nlp", "evil/executor-nlp", "9.9.9"],
      ["nlp", "evil/executor-nlp", "9.9.9"],
      ["nlp", "evil/nlp-team/executor-nlp", "9.9.9"],
      ["nlp", "ml-team/executors", "executor-nlp-9.9.9"],
    ] as const;
    for (const [, repository, tag] of new Map(squatted.map((one) => [one[1], one])).values()) {
      await push(repository, tag);
    }
    await attacked.refresh();
    for (const [type, repository] of squatted) {
      const why = await attacked.keptOut(type, { repository: `${registry.host}/${repository}` });
      assert.match(why, /^namespace-not-allowed: .* is in none of the approved namespaces/, `${type} ${repository}`);
      assert.ok(why.includes(`${registry.host}/${repository}`), why);
    }
    await attacked.serves("ml", ml.digest, evil);
    await attacked.serves("nlp", nlp.digest, evil);
    await attacked.serves("custom-nlp", nlp.digest, evil);
    assert.deepEqual(
      [(await attacked.answer("ml"))?.owner, (await attacked.answer("nlp"))?.owner],
      ["ML", "NLP"],
      "who owns it is the policy's word, not the image's",
    );
    const capable = await (await fetch(`${attacked.url}/executors?capability=gpu`)).json();
    assert.deepEqual(capable, {});
  });

  test("gets no type that no policy names", async () => {
    await using registry = await startDockerRegistry();
    const ml = await pushImage(registry, "ml-team/executor-ml", "1.0.0");
    const { digest } = await pushImage(registry, "ml-team/executor-mining", "1.0.0", SPOOFED);
    await using attacked = await attackedService(configuration(registry.host));
    assert.match(await attacked.keptOut("mining", { digest }), /^no-policy: no policy names the type mining/);
    assert.equal(await attacked.answer("mining"), undefined);
    await attacked.serves("ml", ml.digest, [digest]);
  });

  test("does not get the digest of an approved image served from a repository that is not approved", async () => {
    await using registry = await startDockerRegistry();
    const evilFirst = await pushImage(registry, "evil/executor-ml", "1.0.0");
    await using attacked = await attackedService(configuration(registry.host));
    assert.equal(await attacked.answer("ml"), undefined);
    const { digest } = await pushImage(registry, "ml-team/executor-ml", "1.0.0");
    assert.equal(digest, evilFirst.digest);
    await attacked.refresh();
    const answer = await attacked.answer("ml");
    assert.equal(answer?.image, `${registry.host}/ml-team/executor-ml@${digest}`);
    assert.match(await attacked.keptOut("ml", { repository: `${registry.host}/evil/executor-ml` }), /^namespace/);
  });
});
