import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegistryProxy } from "../../../../testing/registry-proxy.ts";
import { openScanning } from "../testing/scanning.ts";

const json = { "content-type": "application/json" };

test("red-11: of a catalogue without end 10,000 repositories are read, and the rest is reported", async () => {
  await using registry = await startRegistryProxy();
  let pages = 0;
  registry.intercept(({ url = "" }, response) => {
    if (!url.includes("_catalog")) {
      response.writeHead(404, json).end('{"errors":[{"code":"NAME_UNKNOWN","message":"no"}]}');
      return true;
    }
    pages += 1;
    const repositories = Array.from({ length: 4000 }, (_, index) => `x/executor-y${pages}-${index}`);
    const link = `</v2/_catalog?n=1000&last=${pages}>; rel="next"`;
    response.writeHead(200, { ...json, link }).end(JSON.stringify({ repositories }));
    return true;
  });
  await using scanning = await openScanning({ registries: [registry] });
  await scanning.scan();
  assert.equal(pages, 3);
  assert.equal(registry.requests.filter(({ line }) => line.includes("tags/list")).length, 10_000);
  const [health] = scanning.scanner.health;
  assert.deepEqual([health?.state, health?.problem?.code], ["failing", "too-large"]);
  assert.match(health?.problem?.message ?? "", /more than 10000 repositories that may hold executors/);
});

test("red-11: a page with 130,000 tags is read", async () => {
  await using registry = await startRegistryProxy();
  const tags = Array.from({ length: 130_000 }, (_, index) => `odd_${index}`);
  registry.intercept(({ url = "" }, response) => {
    if (!url.includes("tags/list")) return false;
    response.writeHead(200, json).end(JSON.stringify({ tags: [...tags, "ml-1.0.0"] }));
    return true;
  });
  await using scanning = await openScanning({
    registries: [{ host: registry.host, repositories: ["team/executors"] }],
    // The others are no executors, and cost no request.
    naming: { tags: { template: "{type}-{version}", repositories: ["team/executors"] } },
  });
  await scanning.scan();
  const [health] = scanning.scanner.health;
  assert.equal(health?.unread, 1, health?.problem?.message);
  assert.equal(registry.requests.filter(({ line }) => line.includes("/manifests/")).length, 1);
});
