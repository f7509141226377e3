import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pino } from "pino";
import { noDockerRegistry, startDockerRegistry } from "../../../testing/docker-registry.ts";
import { pushImage } from "../../../testing/push.ts";
import type { Check } from "./checks/check.ts";
import { makePolicies } from "./checks/checks.ts";
import { runnableCheck } from "./checks/runnable.ts";
import { parseConfig } from "./config/parse-config.ts";
import { openStore } from "./stores/open.ts";
import { startService } from "./supervisor/service.ts";
import { openScanning } from "./testing/scanning.ts";

const SECRET = "s3cret-of-the-sender";
const ML = "team/executor-ml";

/** The service's own checks, when there was no evidence yet for what one of them asks. */
const WITHOUT_EVIDENCE: readonly Check[] = makePolicies("none")
  .of("ml")
  .checks.map((check) =>
    check.name === runnableCheck.name
      ? { ...check, judge: async () => ({ state: "failed", reason: "there was no evidence" }) }
      : check,
  );

/** Events about one image of {@link ML}: of a signature that was pushed for it, and of its scan. */
const EVENTS = {
  signed: {
    kind: "distribution",
    body: (digest: string) => {
      const target = { repository: ML, tag: `${digest.replace(":", "-")}.sig` };
      return { events: [{ id: "1", action: "push", target }] };
    },
  },
  scanned: {
    kind: "harbor",
    body: (digest: string, host: string) => {
      const resources = [{ digest, resource_url: `${host}/${ML}@${digest}` }];
      return { type: "SCANNING_COMPLETED", event_data: { resources, repository: { repo_full_name: ML } } };
    },
  },
} as const;

/** Resolves once the stream of changes has named a type. */
async function changeOf(type: string, changes: Response): Promise<void> {
  let text = "";
  for await (const chunk of changes.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    if (text.includes(`"type":"${type}"`)) return;
  }
  assert.fail(`the stream ended without ${type}: ${text}`);
}

describe("an event about the evidence for an image, posted to a service", { skip: noDockerRegistry }, () => {
  for (const [action, { kind, body }] of Object.entries(EVENTS)) {
    test(`${action}, by ${kind}: that image is judged anew, becomes current, and the journal says why`, async (t) => {
      const folder = await mkdtemp(join(tmpdir(), "evidence-"));
      t.after(() => rm(folder, { recursive: true }));
      const store = `sqlite:${join(folder, "catalogue.db")}`;
      await using registry = await startDockerRegistry();
      const { digest } = await pushImage(registry, ML, "1.0.0");
      await pushImage(registry, "team/executor-nlp", "1.0.0");
      {
        await using before = await openScanning({
          registries: [registry],
          checks: WITHOUT_EVIDENCE,
          store: await openStore(store),
        });
        await before.scan();
      }
      const config = parseConfig(
        `listen: {host: 127.0.0.1, port: 0}
store: "${store}"
sources: [{name: registry-1, kind: oci, host: "${registry.host}", insecure: true, repositories: ["team/**"], interval: 1d}]
webhooks: [{name: sender, kind: ${kind}, source: registry-1, headers: {Authorization: {env: SENDER}}}]
`,
        "evidence.yaml",
        { SENDER: SECRET },
      );
      const service = await startService({ config, log: pino({ level: "silent" }) });
      try {
        const get = async (path: string) =>
          (await fetch(service.url + path)).json() as Promise<Record<string, unknown>>;
        while ((await fetch(`${service.url}/readyz`)).status !== 200);
        assert.equal((await fetch(`${service.url}/executors/ml`)).status, 404);

        const changes = await fetch(`${service.url}/events`, { signal: t.signal });
        const posted = await fetch(`${service.url}/webhooks/sender`, {
          method: "POST",
          headers: { authorization: SECRET, "content-type": "application/json" },
          body: JSON.stringify(body(digest, registry.host)),
        });
        assert.equal(posted.status, 202);
        await changeOf("ml", changes);

        assert.equal((await get("/executors/ml"))["digest"], digest);
        const { versions } = await get("/executors/ml/versions");
        const [version] = versions as readonly { state: string; verdicts: readonly { state: string }[] }[];
        assert.deepEqual(
          [version?.state, version?.verdicts.map(({ state }) => state)],
          ["admitted", ["passed", "passed"]],
        );
        const { entries } = await get("/journal?kind=image-judged");
        const [judged, ...others] = entries as readonly { actor: string; reason: string; change: { type: string } }[];
        assert.deepEqual(
          [judged?.actor, judged?.reason, judged?.change.type],
          ["webhook:sender", "event: its checks answer otherwise", "ml"],
        );
        assert.deepEqual(others, [], "nothing else was judged");
        assert.equal((await fetch(`${service.url}/executors/nlp`)).status, 404);
      } finally {
        await service.close();
      }
    });
  }
});
