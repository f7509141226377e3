import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { startLoopbackServer } from "../../../../testing/loopback-server.ts";
import { deleteManifest, pushImage } from "../../../../testing/push.ts";
import type { Hint } from "../model/hint.ts";
import type { WebhookAnswer } from "./webhook.ts";
import { configured, signal } from "./testing/requests.ts";

describe("a real registry's notifications", { skip: noDockerRegistry }, () => {
  test("a push and a deletion arrive as hints, and what we read of it does not", async () => {
    const receiver = configured({ name: "a", kind: "distribution", headers: { authorization: "Bearer s3cret" } });
    const answers: WebhookAnswer[] = [];
    let arrived = (): void => {};
    const hints = (): readonly Hint[] => answers.flatMap((answer) => answer.hints);
    const until = async (done: () => boolean): Promise<void> => {
      while (!done()) await new Promise<void>((resolve) => (arrived = resolve));
    };
    await using server = await startLoopbackServer(async ({ headers, body }, response) => {
      const answer = await receiver.receive({ method: "POST", headers, body }, signal);
      answers.push(answer);
      response.writeHead(answer.status).end();
      arrived();
    });
    const headers = { Authorization: ["Bearer s3cret"] };
    await using registry = await startDockerRegistry({ notifications: [{ name: "us", url: server.url, headers }] });

    const repository = "team/executor-ml";
    const { digest } = await pushImage(registry, repository, "1.0", { labels: { a: "b" } });
    await until(() => hints().length > 0);
    assert.deepEqual(hints(), [{ action: "pushed", repository, tag: "1.0", digest }]);

    const accept = "application/vnd.oci.image.manifest.v1+json";
    await (await fetch(`${registry.url}/v2/${repository}/manifests/1.0`, { headers: { accept } })).arrayBuffer();
    await deleteManifest(registry, repository, digest);
    // The registry reports in order, so the pull has come before these.
    await until(() => hints().length > 2);
    assert.deepEqual(hints().slice(1), [
      { action: "deleted", repository, digest },
      { action: "deleted", repository, tag: "1.0" },
    ]);
    const types = server.received.map((request) => request.headers["content-type"]);
    assert.match(types.join(), /application\/vnd\.docker\.distribution\.events\.v[12]\+json/);
    assert.match(server.received.map((request) => request.body.toString()).join(), /"action": ?"pull"/);
  });
});
