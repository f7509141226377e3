import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startOddRegistry } from "../../../../testing/odd-registry.ts";
import { attackedService } from "../testing/attacked-service.ts";

const NAME = "ml-team/executor-ml";
/** Each looks like {@link NAME}, or becomes it where somebody decodes, folds or normalizes it. */
const REPOSITORIES = [
  "ml-team/executor-ｍｌ",
  "ml-team/executor-ml\u200b",
  "ml-team/executor-ml\u0000",
  "ml-team/exe\u0441utor-ml",
  "ml-t\u0435am/executor-ml",
  "ML-TEAM/executor-ml",
  "ml-team/Executor-ML",
  "ml-team/executor-m\u0131",
  "ml-team//executor-ml",
  "/ml-team/executor-ml",
  "ml-team/executor-ml/",
  "evil/../ml-team/executor-ml",
  "evil/%2e%2e/ml-team/executor-ml",
  "ml-team%2fexecutor-ml",
  "ml-team/executor%2dml",
  "ml-team\\executor-ml",
  "ml-team/executor-ml?n=1",
  "ml-team/executor-ml#",
  "ml-team/executor-ml:9.9.9",
  "ml-team./executor-ml",
  " ml-team/executor-ml",
  "127.0.0.1:443/ml-team/executor-ml",
];
const TAGS = [
  "９.９.９",
  "9.9.9\u200b",
  "9.9.9%2e",
  "../manifests/9.9.9",
  "9.9.9/../8",
  "9.9.9@sha256:0",
  " 9.9.9",
  "9.9.9\n",
  "9.9.9?x=1",
  "9.9.9#",
  "..",
];

describe("names that look like others", () => {
  test("of repositories, types and tags lead to no other image", async () => {
    await using registry = await startOddRegistry();
    const legitimate = registry.image(NAME, "1.0.0");
    const evil = [
      ...REPOSITORIES.map((name, n) =>
        registry.image(name, "9.9.9", { config: { created: `2099-01-${10 + n}T00:00:00Z` } }),
      ),
      ...TAGS.map((tag, n) => registry.image(NAME, tag, { config: { created: `2098-01-${10 + n}T00:00:00Z` } })),
    ].map(({ digest }) => digest);
    await using attacked = await attackedService({
      sources: [{ name: "main", kind: "oci", host: registry.host, insecure: true, repositories: ["**"] }],
      checks: { approvedNamespaces: [`${registry.host}/ml-team/*`] },
    });
    await attacked.refresh();
    await attacked.serves("ml", legitimate.digest, evil);
    assert.deepEqual(Object.keys((await (await fetch(`${attacked.url}/executors`)).json()) as object), ["ml"]);
    const admitted = (await attacked.versions("ml")).filter(({ state }) => state === "admitted");
    assert.deepEqual(
      admitted.map(({ image }) => image),
      [`${registry.host}/${NAME}@${legitimate.digest}`],
    );
  });

  test("of registries: a policy for another spelling of the host approves nothing", async () => {
    await using registry = await startOddRegistry();
    const { digest } = registry.image(NAME, "1.0.0");
    const port = registry.host.split(":")[1];
    for (const host of [
      `localhost:${port}`,
      `127.0.0.1.:${port}`,
      "127.0.0.1",
      `127.1:${port}`,
      `http://${registry.host}`,
    ]) {
      await using attacked = await attackedService({
        sources: [{ name: "main", kind: "oci", host: registry.host, insecure: true, repositories: ["**"] }],
        checks: { approvedNamespaces: [`${host}/**`] },
      });
      assert.match(await attacked.keptOut("ml", { digest }), /^namespace-not-allowed/, host);
      assert.equal(await attacked.answer("ml"), undefined);
    }
  });
});
