import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Digest, systemClock } from "@executor-registry/resolver";
import { noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { deleteManifest, pushImage } from "../../../../testing/push.ts";
import { type Canned, startRegistryProxy } from "../../../../testing/registry-proxy.ts";
import { openScanning } from "../testing/scanning.ts";

const INTERVAL = 300_000;
const TYPES = ["math", "ml", "nlp"];
const json = (status: number, body: object): Canned => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
const errors = (error: object): object => ({ errors: [error] });

/** Three repositories behind a proxy, known, and a clock that can be set ahead. */
async function known(repositories: readonly string[] = ["**"]) {
  const stack = new AsyncDisposableStack();
  const registry = stack.use(await startDockerRegistry());
  const digests = new Map<string, Digest>();
  for (const type of TYPES)
    digests.set(
      type,
      (await pushImage(registry, `team/executor-${type}`, "1.0.0", { created: "2026-11-01T00:00:00Z" })).digest,
    );
  const proxy = stack.use(await startRegistryProxy(registry.url));
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead, sleep: systemClock.sleep };
  const scanning = stack.use(
    await openScanning({ registries: [{ host: proxy.host, repositories }], clock, interval: INTERVAL }),
  );
  await scanning.scan();
  assert.deepEqual(Object.keys(scanning.versions()), TYPES);
  return {
    registry,
    proxy,
    scanning,
    digests,
    later: (ms: number): void => void (ahead += ms),
    types: () => Object.keys(scanning.versions()),
    health: () => scanning.scanner.health[0],
    async [Symbol.asyncDispose]() {
      await stack.disposeAsync();
    },
  };
}

describe("what seems to have disappeared", { skip: noDockerRegistry }, () => {
  for (const [what, body] of [
    ["leaves one out", { repositories: ["team/executor-ml", "team/executor-nlp"] }],
    ["is empty", { repositories: [] }],
    ["is null", { repositories: null }],
  ] as const) {
    test(`reg-06: a catalogue that ${what} takes nothing away: each repository is asked by itself`, async () => {
      await using field = await known();
      field.proxy.answerNext(/_catalog/, json(200, body), 10);
      await field.scanning.scan();
      assert.deepEqual(field.types(), TYPES);
      await pushImage(field.registry, "team/executor-math", "1.1.0", { created: "2026-11-20T00:00:00Z" });
      await field.scanning.scan();
      assert.equal(field.scanning.versions()["math"], "1.1.0");
    });
  }

  test("reg-06: known repositories are looked at while the catalogue cannot be read", async () => {
    await using field = await known();
    field.proxy.answerNext(/_catalog/, json(403, errors({ code: "DENIED" })), 10);
    await pushImage(field.registry, "team/executor-ml", "1.1.0", { created: "2026-11-20T00:00:00Z" });
    await field.scanning.scan();
    assert.equal(field.scanning.versions()["ml"], "1.1.0");
    assert.deepEqual([field.health()?.state, field.health()?.problem?.code], ["failing", "forbidden"]);
  });

  for (const error of [
    { status: 404, message: "Not Found" },
    { code: "NOT_FOUND", message: "no" },
    { code: "UNAUTHORIZED", message: "no" },
    { code: "DENIED", message: "no" },
  ]) {
    test(`reg-07: a list of tags that is 404 with ${JSON.stringify(error)} withdraws nothing, and is reported`, async () => {
      await using field = await known();
      field.proxy.answerNext(/tags\/list/, json(404, errors(error)), 100);
      for (let look = 0; look < 3; look += 1) {
        await field.scanning.scan();
        field.later(2 * INTERVAL);
      }
      assert.deepEqual(field.types(), TYPES);
      assert.equal(field.health()?.state, "failing");
      assert.match(field.health()?.problem?.message ?? "", new RegExp(`(404|cannot be listed).*${error.message}`));
    });
  }

  test("reg-07: a repository of which the registry says twice, an interval apart, that it is unknown is gone", async () => {
    await using field = await known();
    await rm(join(field.registry.folder, "repositories", "team", "executor-ml"), { recursive: true });
    await field.scanning.scan();
    await field.scanning.scanner.refresh({ actor: "user:eve", why: "refresh" });
    assert.deepEqual(field.types(), TYPES, "also when somebody asks for a second look at once");
    assert.match(
      field.health()?.problem?.message ?? "",
      /all images of a repository seem to be gone \(.*executor-ml\)/,
    );
    field.later(INTERVAL);
    await field.scanning.scan();
    assert.deepEqual(field.types(), ["math", "nlp"]);
    assert.equal(field.health()?.state, "ready");
  });

  test("red-07: null tags take nothing away while the manifests answer", async () => {
    await using field = await known();
    field.proxy.answerNext(/tags\/list/, json(200, { tags: null }), 100);
    for (let look = 0; look < 2; look += 1) {
      await field.scanning.scan();
      field.later(2 * INTERVAL);
    }
    assert.deepEqual(field.types(), TYPES);
    assert.match(
      field.health()?.incomplete?.join() ?? "",
      /its list of tags leaves out 1 that are there, such as 1\.0\.0/,
    );
  });

  test("red-07: a registry without its volume withdraws nothing in one look, and is a problem; when it is back all is well", async () => {
    await using field = await known();
    const unknown = json(404, errors({ code: "NAME_UNKNOWN", message: "repository name not known to registry" }));
    let away = true;
    field.proxy.intercept((request, response) => {
      if (!away) return false;
      const catalog = request.url?.includes("_catalog");
      const { status, headers, body } = catalog ? json(200, { repositories: [] }) : unknown;
      response.writeHead(status, headers).end(body);
      return true;
    });
    await field.scanning.scan();
    await field.scanning.scanner.refresh({ actor: "user:eve", why: "refresh" });
    assert.deepEqual(field.types(), TYPES);
    assert.equal(field.health()?.state, "failing");
    assert.match(field.health()?.problem?.message ?? "", /all images of 3 repositories seem to be gone/);
    away = false;
    await field.scanning.scan();
    assert.deepEqual([field.types(), field.health()?.state], [TYPES, "ready"]);
  });

  test("red-07: most repositories that lose their images in one look are held, although their manifests are unknown too", async () => {
    await using field = await known();
    for (const type of TYPES) {
      await deleteManifest(field.registry, `team/executor-${type}`, field.digests.get(type) as Digest);
    }
    await field.scanning.scan();
    assert.deepEqual(field.types(), TYPES);
    field.later(INTERVAL);
    await field.scanning.scan();
    assert.deepEqual(field.types(), []);
  });

  test("one image that an operator deletes is withdrawn by the next look", async () => {
    await using field = await known();
    await deleteManifest(field.registry, "team/executor-ml", field.digests.get("ml") as Digest);
    await field.scanning.scan();
    assert.deepEqual([field.types(), field.health()?.state], [["math", "nlp"], "ready"]);
  });

  test("reg-18: a repository that is on two pages of the catalogue, or twice on one, is read once", async () => {
    await using field = await known();
    const name = "team/executor-ml";
    const link = '</v2/_catalog?n=2&last=team/executor-ml>; rel="next"';
    const page = json(200, { repositories: ["team/executor-math", name, name] });
    field.proxy.answerNext(/_catalog\?n=1000$/, { ...page, headers: { ...page.headers, link } });
    field.proxy.answerNext(/_catalog\?n=2&last/, json(200, { repositories: [name, "team/executor-nlp"] }));
    const before = field.proxy.requests.length;
    await field.scanning.scan();
    const lists = field.proxy.requests.slice(before).filter(({ line }) => line.includes("/tags/list"));
    assert.equal(lists.length, TYPES.length);
    assert.equal(new Set(lists.map(({ line }) => line)).size, TYPES.length);
    assert.equal(field.scanning.scanner.health[0]?.state, "ready");
  });

  test("reg-18: a tag on two pages counts once, and is fetched once", async () => {
    await using registry = await startDockerRegistry();
    for (const tag of ["1.0.0", "1.1.0", "1.2.0"]) await pushImage(registry, "team/executor-ml", tag);
    await using proxy = await startRegistryProxy(registry.url);
    proxy.intercept((request, response) => {
      const url = new URL(request.url ?? "", registry.url);
      if (!url.pathname.endsWith("/tags/list")) return false;
      const all = ["1.0.0", "1.1.0", "1.2.0"];
      const from = Math.max(0, all.indexOf(url.searchParams.get("last") ?? ""));
      const page = all.slice(from, from + 2);
      const more = from + 2 < all.length;
      const link = `</v2/team/executor-ml/tags/list?n=2&last=${page.at(-1)}>; rel="next"`;
      response.writeHead(200, { "content-type": "application/json", ...(more && { link }) });
      response.end(JSON.stringify({ name: "team/executor-ml", tags: page }));
      return true;
    });
    await using scanning = await openScanning({
      registries: [{ host: proxy.host, repositories: ["team/executor-ml"] }],
    });
    await scanning.scan();
    const tags = [...(scanning.catalogue.type("ml")?.images ?? [])].flatMap((image) => image.tags);
    assert.deepEqual(tags.sort(), ["1.0.0", "1.1.0", "1.2.0"]);
    const fetched = proxy.requests.filter(({ line }) => /GET .*\/manifests\//.test(line));
    assert.equal(fetched.length, 3);
  });
});
