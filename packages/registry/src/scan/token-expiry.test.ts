import assert from "node:assert/strict";
import { test } from "node:test";
import { noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { IMAGE_MANIFEST, makeImage } from "../../../../testing/images.ts";
import { pushImage, pushManifest } from "../../../../testing/push.ts";
import { startRegistryProxy } from "../../../../testing/registry-proxy.ts";
import { timedService } from "../../../../testing/timed-service.ts";
import { noOpenssl } from "../../../../testing/self-signed.ts";
import { startTokenServer } from "../../../../testing/token-server.ts";

/** How many requests a token is good for. */
const LIFE = 25;
const TAGS = Array.from({ length: 200 }, (_, index) => `1.0.${index}`);

interface Entry {
  readonly change: { readonly tags?: readonly string[]; readonly image?: { readonly tags: readonly string[] } };
}

test(
  "a scan in whose middle tokens expire again and again is complete, with one new token each time",
  {
    skip: noDockerRegistry || noOpenssl,
    timeout: 60_000,
  },
  async () => {
    await using tokens = await startTokenServer();
    await using registry = await startDockerRegistry({ token: tokens.auth });
    const authorization = await tokens.pushToken("executor-ml");
    const target = { url: registry.url, authorization };
    await pushImage(target, "executor-ml", TAGS[0]);
    for (const tag of TAGS.slice(1)) {
      await pushManifest(target, "executor-ml", tag, makeImage().manifest, IMAGE_MANIFEST);
    }
    const asked = tokens.asked.length;

    await using proxy = await startRegistryProxy(registry.url);
    const uses = new Map<string, number>();
    const expired = new Set<string>();
    proxy.intercept(({ headers }, response) => {
      const token = headers.authorization;
      if (token === undefined) return false;
      uses.set(token, (uses.get(token) ?? 0) + 1);
      if ((uses.get(token) ?? 0) <= LIFE) return false;
      expired.add(token);
      const { realm, service } = tokens.auth;
      const challenge = `Bearer realm="${realm}",service="${service}",scope="repository:executor-ml:pull",error="invalid_token"`;
      response.writeHead(401, { "www-authenticate": challenge }).end();
      return true;
    });
    const host = `host: "${proxy.host}", insecure: true, allowPrivateAddresses: true`;
    const requests = "requests: {concurrent: 8, perSecond: unlimited}";
    await using service = await timedService(`kind: oci, ${host}, repositories: [executor-ml], ${requests}`);

    const { status, sources } = await service.health();
    assert.deepEqual([status, sources[0]?.state, sources[0]?.unread], ["ok", "ready", 0]);
    const answer = await fetch(`${service.url}/executors/ml`);
    const { tags, tagsOmitted } = (await answer.json()) as { tags: string[]; tagsOmitted: number };
    assert.deepEqual([tags.length, tagsOmitted], [50, TAGS.length - 50], "an answer names those that tell most");
    const journal = await fetch(`${service.url}/journal?type=ml&limit=1000`);
    const { entries } = (await journal.json()) as { entries: readonly Entry[] };
    const known = entries.flatMap(({ change }) => change.tags ?? change.image?.tags ?? []);
    assert.deepEqual([...new Set(known)].toSorted(), TAGS.toSorted());
    assert.ok(expired.size >= TAGS.length / LIFE - 1, `${expired.size} tokens expired`);
    assert.equal(tokens.asked.length - asked, expired.size + 1);
  },
);
