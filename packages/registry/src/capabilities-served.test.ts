import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { createResolver } from "@executor-registry/resolver";
import { pino } from "pino";
import { noDockerRegistry, startDockerRegistry } from "../../../testing/docker-registry.ts";
import { pushImage } from "../../../testing/push.ts";
import { attachReferrer } from "../../../testing/sbom.ts";
import { isDiscovered } from "../../../testing/until-discovered.ts";
import { parseConfig } from "./config/parse-config.ts";
import { startService } from "./supervisor/service.ts";

const SPDX = "application/spdx+json";
const SECRET = "s3cret-of-the-registry";

test("an image's SBOM says who is listed for a capability", { skip: noDockerRegistry }, async (t) => {
  const service = await startService({
    config: parseConfig("listen: {host: 127.0.0.1, port: 0}", "test.yaml"),
    log: pino({ level: "silent" }),
  });
  t.after(() => service.close());
  const notifications = [
    { name: "service", url: `${service.url}/webhooks/sender`, headers: { Authorization: [SECRET] } },
  ];
  await using registry = await startDockerRegistry({ notifications });
  const attach = async (type: string, image: Awaited<ReturnType<typeof pushImage>>, name: string) => {
    const content = await readFile(new URL(`capabilities/testing/${name}.json`, import.meta.url));
    await attachReferrer(registry, `team/executor-${type}`, image, SPDX, { mediaType: SPDX, content });
  };
  const types = async (query: string): Promise<readonly string[]> =>
    Object.keys((await (await fetch(`${service.url}/executors?${query}`)).json()) as object);

  const ml = await pushImage(registry, "team/executor-ml", "1.0.0", { size: 16, env: ["CUDA_VERSION=11.8.0"] });
  await attach("ml", ml, "spdx-2.3");
  const nlp = await pushImage(registry, "team/executor-nlp", "1.0.0", { size: 16 });
  const source = `{name: main, kind: oci, host: "${registry.host}", insecure: true, repositories: ["team/**"], interval: 1d}`;
  await service.reconfigure(
    parseConfig(
      `sources: [${source}]
webhooks: [{name: sender, kind: distribution, source: main, headers: {Authorization: {env: SENDER}}}]
checks: none
`,
      "test.yaml",
      { SENDER: SECRET },
    ),
  );
  while ((await types("fields=version")).length < 2 || !(await isDiscovered(service.url)));

  assert.deepEqual(await types("capability=pytorch&capability=cuda>=12"), ["ml"]);
  assert.deepEqual(await types("capability=pytorch&capability=cuda<12"), [], "the SBOM says more than a variable");
  const resolver = createResolver({ environment: "production", registry: { url: service.url, ttl: 1 } });
  t.after(() => resolver.close());
  const answer = await resolver.resolve({ needs: ["pytorch", "cuda>=12"] });
  assert.deepEqual([answer.type, answer.digest], ["ml", ml.digest]);
  await assert.rejects(resolver.resolve({ needs: ["spacy"] }), {
    code: "no-match",
    message:
      /^no executor type has spacy: ml lacks spacy; nlp lacks spacy\. Not everything is known of nlp \(no SBOM of it was read\)/,
  });
  assert.deepEqual(await types("capability=spacy"), []);

  await attach("nlp", nlp, "cyclonedx-1.6");
  while ((await types("capability=spacy")).length === 0);
  assert.deepEqual(await types("capability=pytorch"), ["ml", "nlp"]);
  assert.equal((await resolver.resolve({ needs: ["spacy>=3"] })).digest, nlp.digest);
  assert.deepEqual(await types("capability=pytorch&capability=cuda>=12"), ["ml"]);
});
