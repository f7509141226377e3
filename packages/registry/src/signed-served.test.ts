import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pino } from "pino";
import { noDockerRegistry, startDockerRegistry } from "../../../testing/docker-registry.ts";
import { pushImage } from "../../../testing/push.ts";
import { makeSigningKey } from "../../../testing/sigstore.ts";
import { byKey, pushSimple, REPOSITORY } from "./checks/testing/signed.ts";
import { parseConfig } from "./config/parse-config.ts";
import { startService } from "./supervisor/service.ts";

const SECRET = "s3cret-of-the-sender";

test(
  "an image is served once it is signed, and no more once its key is trusted no more",
  { skip: noDockerRegistry },
  async (t) => {
    await using registry = await startDockerRegistry();
    const folder = await mkdtemp(join(tmpdir(), "signed-"));
    t.after(() => rm(folder, { recursive: true }));
    const key = makeSigningKey();
    const file = join(folder, "cosign.pub");
    await writeFile(file, key.pem);
    const { digest } = await pushImage(registry, REPOSITORY, "1.0.0");
    const configured = () =>
      parseConfig(
        `listen: {host: 127.0.0.1, port: 0}
sources: [{name: main, kind: oci, host: "${registry.host}", insecure: true, repositories: ["team/**"], interval: 1d}]
webhooks: [{name: sender, kind: distribution, source: main, headers: {Authorization: {env: SENDER}}}]
checks: {approvedNamespaces: ["**"], policies: [{name: signed, signature: {keys: [{file: "${file}"}]}}]}
`,
        "signed.yaml",
        { SENDER: SECRET },
      );
    const service = await startService({ config: configured(), log: pino({ level: "silent" }) });
    t.after(() => service.close());
    while ((await fetch(`${service.url}/readyz`)).status !== 200);
    const asked = () => fetch(`${service.url}/executors/ml`);
    const verdictOf = async (): Promise<unknown> => {
      const { versions } = (await (await fetch(`${service.url}/executors/ml/versions`)).json()) as {
        readonly versions: readonly { readonly verdicts: readonly { check: string; state: string; code?: string }[] }[];
      };
      return versions[0]?.verdicts.find(({ check }) => check === "signature");
    };
    const changed = async (act: () => Promise<unknown>): Promise<void> => {
      const stop = new AbortController();
      const changes = await fetch(`${service.url}/events`, { signal: AbortSignal.any([t.signal, stop.signal]) });
      await act();
      let text = "";
      for await (const chunk of changes.body ?? []) {
        text += Buffer.from(chunk as Uint8Array).toString();
        if (text.includes('"type":"ml"')) break;
      }
      stop.abort();
    };

    assert.equal((await asked()).status, 404);
    assert.partialDeepStrictEqual(await verdictOf(), { state: "failed", code: "unsigned" });
    await pushSimple(registry, digest, [byKey(digest, { key })]);
    await changed(() =>
      fetch(`${service.url}/webhooks/sender`, {
        method: "POST",
        headers: { authorization: SECRET, "content-type": "application/json" },
        body: JSON.stringify({
          events: [
            { id: "1", action: "push", target: { repository: REPOSITORY, tag: `${digest.replace(":", "-")}.sig` } },
          ],
        }),
      }),
    );
    assert.equal(((await (await asked()).json()) as { digest: string }).digest, digest);

    await writeFile(file, makeSigningKey().pem);
    await changed(() => service.reconfigure(configured()));
    assert.equal((await asked()).status, 404);
    assert.partialDeepStrictEqual(await verdictOf(), { state: "failed", code: "signature-invalid" });
  },
);
