import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noDockerRegistry, startDockerRegistry } from "../../../../../testing/docker-registry.ts";
import { IMAGE_MANIFEST, makeImage } from "../../../../../testing/images.ts";
import { pushImage, pushManifest } from "../../../../../testing/push.ts";
import { collect, testClient } from "../../../../../testing/registry-client.ts";
import { type Intercept, pagedTags, sendPage, startRegistryProxy } from "../../../../../testing/registry-proxy.ts";
import { isArtifactTag } from "./referrers.ts";

const json = { "content-type": "application/json" };
const page = (
  tags: readonly string[] | null,
  link?: string,
): { status: number; headers: Record<string, string>; body: string } => ({
  status: 200,
  headers: { ...json, ...(link !== undefined && { link }) },
  body: JSON.stringify({ name: "executor-ml", tags }),
});
const problem = (status: number, code: string): { status: number; headers: Record<string, string>; body: string } => ({
  status,
  headers: json,
  body: JSON.stringify({ errors: [{ code, message: "as it says" }] }),
});

describe("tags", () => {
  test(
    "of a registry that pages are all found, with one request per page",
    { skip: noDockerRegistry },
    async ({ signal }) => {
      await using registry = await startDockerRegistry();
      await using proxy = await startRegistryProxy(registry.url);
      await using client = testClient(proxy.host);
      await pushImage(registry, "executor-ml", "v000");
      const { manifest } = makeImage();
      const tags = Array.from({ length: 250 }, (_, index) => `v${String(index).padStart(3, "0")}`);
      for (const tag of tags.slice(1)) await pushManifest(registry, "executor-ml", tag, manifest, IMAGE_MANIFEST);

      assert.deepEqual((await collect(client.tags("executor-ml", signal))).sort(), tags);
      assert.equal(client.requests, 1, "this registry answers with one long page");
      proxy.intercept(pagedTags(registry.url, 100));
      assert.deepEqual(await collect(client.tags("executor-ml", signal)), tags);
      assert.equal(client.requests, 1 + 3);
    },
  );

  test("can be 10,000 in one repository", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    const tags = Array.from({ length: 10_000 }, (_, index) => `v${index}`).sort();
    registry.intercept((request, response) =>
      sendPage(response, new URL(request.url ?? "", registry.url), 1000, tags, (some) => ({ tags: some })),
    );
    assert.deepEqual(await collect(client.tags("executor-ml", signal)), tags);
    assert.equal(client.requests, 10);
  });

  for (const status of [400, 405, 413]) {
    test(`are asked for a hundred at a time where a thousand gets a ${status}`, async ({ signal }) => {
      await using registry = await startRegistryProxy();
      await using client = testClient(registry.host);
      registry.answerNext(/n=1000$/, problem(status, "TOO_MANY_TAGS_REQUESTED"));
      registry.answerNext(/n=100$/, page(["v1"]));
      assert.deepEqual(await collect(client.tags("executor-ml", signal)), ["v1"]);
      registry.answerNext(/tags/, problem(400, "NO"), 2);
      await assert.rejects(collect(client.tags("executor-ml", signal)), { code: "registry-protocol", status: 400 });
    });
  }

  const wanted = Array.from({ length: 1205 }, (_, index) => `1.0.${String(index + 1).padStart(4, "0")}`);
  /** As the specification 1.1 allows: `n` and `last`, no `Link`. */
  const unlinked =
    (all: readonly string[], largest = Infinity): Intercept =>
    (request, response) => {
      const url = new URL(request.url ?? "", "http://x");
      const n = Math.min(largest, Number(url.searchParams.get("n") ?? 100));
      const rest = all.filter((one) => one > (url.searchParams.get("last") ?? ""));
      response.writeHead(200, json).end(JSON.stringify({ tags: rest.slice(0, n), repositories: rest.slice(0, n) }));
      return true;
    };

  test("reg-09: on a full page without a link are followed by those after the last one", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.intercept(unlinked(wanted));
    assert.deepEqual(await collect(client.tags("team/executor-ml", signal)), wanted);
    assert.deepEqual(
      registry.requests.map(({ line }) => line),
      ["GET /v2/team/executor-ml/tags/list?n=1000", "GET /v2/team/executor-ml/tags/list?n=1000&last=1.0.1000"],
    );
    const names = wanted.map((tag) => `x/executor-${tag}`);
    registry.intercept(unlinked(names));
    assert.deepEqual(await collect(client.repositories(signal)), names);
    registry.intercept(unlinked(wanted.slice(0, 1000)));
    assert.equal((await collect(client.tags("x", signal))).length, 1000, "an empty page ends the list");
  });

  test("reg-09: a registry that ignores what is asked for is noticed, since nothing new comes", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.answerNext(/tags/, page(wanted), Infinity);
    assert.deepEqual(await collect(client.tags("a", signal)), wanted);
    assert.equal(registry.requests.length, 2);
    assert.deepEqual(await collect(client.tags("b", signal)), wanted);
    assert.equal(registry.requests.length, 3, "and remembered");
    registry.answerNext(/tags/, page(wanted.slice(0, 1000)), Infinity);
    assert.equal((await collect(client.tags("a", signal))).length, 1000);
    assert.equal(registry.requests.length, 5, "a page of just the size asked for may have more behind it");
  });

  test("reg-14: of a registry that grants neither 1,000 nor 100 are read in pages of its own", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.intercept((request, response) => {
      const url = new URL(request.url ?? "", registry.url);
      if (Number(url.searchParams.get("n") ?? 0) > 50) {
        const { headers, body } = problem(400, "PAGINATION_NUMBER_INVALID");
        response.writeHead(400, headers).end(body);
        return true;
      }
      return sendPage(response, url, 50, wanted.slice(0, 120), (some) => ({ tags: some, repositories: some }));
    });
    assert.deepEqual(await collect(client.tags("team/executor-ml", signal)), wanted.slice(0, 120));
    assert.deepEqual(
      registry.requests.slice(0, 4).map(({ line }) => line.split("/list")[1]),
      ["?n=1000", "?n=100", "", "?n=50&last=1.0.0050"],
    );
    const before = registry.requests.length;
    await collect(client.tags("team/executor-nlp", signal));
    assert.equal(registry.requests.length, before + 3, "which is remembered");
    assert.deepEqual(await collect(client.repositories(signal)), wanted.slice(0, 120));
  });

  test("red-09: a page size that was granted and is refused later is found again", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.answerNext(/n=100$/, page(["v1"]));
    registry.answerNext(/n=1000$/, problem(400, "PAGINATION_NUMBER_INVALID"));
    assert.deepEqual(await collect(client.tags("a", signal)), ["v1"]);
    registry.answerNext(/list/, problem(400, "PAGINATION_NUMBER_INVALID"), 2);
    await assert.rejects(collect(client.tags("a", signal)), { status: 400 });
    registry.answerNext(/n=1000$/, page(["v2"]));
    assert.deepEqual(await collect(client.tags("a", signal)), ["v2"]);
  });

  test("red-11: are 200,000 on one page, and no more in all than can be held", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    const many = Array.from({ length: 200_000 }, (_, index) => `v${index}`);
    registry.answerNext(/list$|n=1000/, page(many));
    registry.answerNext(/last=/, page([]));
    assert.equal((await collect(client.tags("a", signal))).length, 200_000);
    const large = JSON.stringify({ tags: Array.from({ length: 60_000 }, (_, index) => `${"x".repeat(120)}${index}`) });
    let last = 0;
    registry.intercept((_request, response) => {
      response.writeHead(200, { link: `<?last=${(last += 1)}>; rel="next"` }).end(large);
      return true;
    });
    await assert.rejects(collect(client.tags("a", signal)), { name: "TooLargeError", limit: 32 << 20 });
  });

  test("may be on short, empty and null pages with more behind them; what is no tag is left out", async ({
    signal,
  }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.answerNext(/last=c/, page(["d", "../../etc"]));
    registry.answerNext(/last=b/, page(null, `<${registry.url}/v2/executor-ml/tags/list?last=c>; rel=next`));
    // Artifactory leaves its prefix out of the path.
    registry.answerNext(/last=a/, page([], '</other/path?last=b>; rel="next"'));
    registry.answerNext(/n=1000/, page(["a"], '</v2/executor-ml/tags/list?last=a>; rel="next"'));
    assert.deepEqual(await collect(client.tags("executor-ml", signal)), ["a", "d"]);
    assert.ok(registry.requests.every(({ line }) => line.startsWith("GET /v2/executor-ml/tags/list?")));
  });

  test("are not looked for on another host", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    for (const target of ["http://169.254.169.254/x", "https://example.com/", registry.url.replace("http", "https")]) {
      registry.answerNext(/tags/, page(["a"], `<${target}>; rel="next"`));
      await assert.rejects(collect(client.tags("executor-ml", signal)), /which is not followed/);
    }
    assert.equal(registry.requests.length, 3);
  });

  test("are not looked for without end", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.answerNext(/tags/, page(["a"], '<?last=a>; rel="next"'), 2);
    await assert.rejects(collect(client.tags("executor-ml", signal)), /go round in circles/);
    let last = 0;
    registry.intercept((_request, response) => {
      response.writeHead(200, { ...json, link: `<?last=${(last += 1)}>; rel="next"` }).end('{"tags":[]}');
      return true;
    });
    await assert.rejects(collect(client.tags("executor-ml", signal)), { name: "TooLargeError", limit: 1000 });
  });

  test("are gone only if the registry itself says so, and at once", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    // A proxy without a backend.
    registry.answerNext(/tags/, {
      status: 404,
      headers: { "content-type": "text/html" },
      body: "<h1>default backend</h1>",
    });
    await assert.rejects(collect(client.tags("executor-ml", signal)), {
      name: "RegistryError",
      code: "registry-protocol",
      message: /Is this a container registry\?/,
    });
    // Zot, when the tag that the page ended with is deleted meanwhile.
    registry.answerNext(/last=a/, problem(404, "NAME_UNKNOWN"));
    registry.answerNext(/n=1000/, page(["a"], '<?last=a>; rel="next"'));
    await assert.rejects(collect(client.tags("executor-ml", signal)), {
      name: "RegistryError",
      code: "registry-protocol",
    });
    registry.answerNext(/tags/, problem(404, "NAME_UNKNOWN"));
    await assert.rejects(collect(client.tags("executor-ml", signal)), { name: "RepositoryGoneError" });
  });
});

describe("repositories", () => {
  for (const status of [404, 405, 501]) {
    test(`reg-14: have to be named where the registry answers ${status}`, async ({ signal }) => {
      await using registry = await startRegistryProxy();
      await using client = testClient(registry.host);
      registry.answerNext(/./, { status }, Infinity);
      await assert.rejects(collect(client.repositories(signal)), {
        code: "not-found",
        message: /Name them in the configuration/,
      });
      assert.equal(registry.requests.length, 1);
    });
  }

  test("red-19: whose names are not valid are left out and reported, and no request leaves /v2/", async ({
    signal,
  }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    const odd = [
      "../../executor-dots",
      "q?x=/executor-query",
      "a b/executor-x",
      "a/./executor-x",
      "/executor-x",
      "executor-x/",
      "a//executor-x",
      "Team/executor-x",
      "team/executor-x\u0007\u202e",
      "team/%2e%2e/executor-x",
      "team/executor-x#f",
      "team\\\\executor-x",
      "a".repeat(300),
      "",
    ];
    const good = ["team/executor-ml", "a.b/c__d/e--f/executor-x"];
    registry.answerNext(/_catalog/, {
      status: 200,
      body: JSON.stringify({ repositories: [...odd, 7, null, ...good] }),
    });
    const leftOut: string[] = [];
    assert.deepEqual(await collect(client.repositories(signal, (name) => leftOut.push(name))), good);
    assert.equal(leftOut.length, odd.length);
    // oxlint-disable-next-line no-control-regex
    for (const name of leftOut) assert.match(name, /^[^\u0000-\u001f\u202e]{0,100}$/);
    for (const path of ["../../x", "../x", "..%2f..%2f../x", "x/../../../y"]) {
      await collect(client.tags(path, signal)).catch(() => {});
    }
    assert.deepEqual(
      registry.requests.filter(({ line }) => !line.startsWith("GET /v2/")),
      [],
    );
  });

  test("are listed page by page", { skip: noDockerRegistry }, async ({ signal }) => {
    await using registry = await startDockerRegistry();
    await using client = testClient(registry.host);
    await using proxy = await startRegistryProxy(registry.url);
    await using small = testClient(proxy.host);
    for (const name of ["a", "b/c", "d"]) await pushImage(registry, name, "v1");
    assert.deepEqual((await collect(client.repositories(signal))).sort(), ["a", "b/c", "d"]);
    proxy.intercept((request, response) =>
      sendPage(response, new URL(request.url ?? "", proxy.url), 2, ["a", "b/c", "d"], (repositories) => ({
        repositories,
      })),
    );
    assert.deepEqual(await collect(small.repositories(signal)), ["a", "b/c", "d"]);
    assert.equal(small.requests, 2);
  });

  test("have to be named where the registry does not list them", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    await assert.rejects(collect(client.repositories(signal)), {
      code: "not-found",
      message: /Name them in the configuration/,
    });
  });
});

test("tags of signatures and other artifacts are distinguished from tags of images", () => {
  const hex = "0".repeat(64);
  for (const tag of [`sha256-${hex}`, `sha256-${hex}.sig`, `sha256-${hex}.att`, `sha256-${hex}.sbom`, "v1.sig"]) {
    assert.equal(isArtifactTag(tag), true, tag);
  }
  for (const tag of ["v1", "latest", "sha256-abc", hex, "sig", "1.2.3-attic", `sha-${hex}`]) {
    assert.equal(isArtifactTag(tag), false, tag);
  }
});
