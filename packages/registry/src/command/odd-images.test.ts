import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ExecutorDocument } from "@executor-registry/resolver";
import { type BlobDescriptor, IMAGE_INDEX, IMAGE_MANIFEST } from "../../../../testing/images.ts";
import { type OddImage, type OddRegistry, startOddRegistry } from "../../../../testing/odd-registry.ts";
import { type Serving, serving } from "../../../../testing/serving.ts";
import { untilDiscovered } from "../../../../testing/until-discovered.ts";

const CACHE = "application/vnd.buildkit.cacheconfig.v0";
const CHART = "application/vnd.cncf.helm.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const CUDA = { config: { Labels: { "executor-registry.dev/capabilities": "cuda" } } };
const AMD64 = { platform: { os: "linux", architecture: "amd64" } };
const ARM64 = { platform: { os: "linux", architecture: "arm64" } };
const label = (json: string): string => `{"architecture":"amd64","os":"linux","config":{"Labels":{${json}}}}`;

/** What must be answered; members that are absent are not looked at. */
type Expected = Partial<Pick<ExecutorDocument, "version" | "platforms" | "capabilities" | "owner" | "versions">>;

/** Images of one type each, and what is answered of it. */
const readable: Readonly<Record<string, readonly [fill: (registry: OddRegistry, path: string) => void, Expected]>> = {
  "reg-01a": [
    (registry, path) => {
      registry.image(path, "1.1.0", { config: CUDA });
      registry.image(path, "buildcache", { config: '{"layers":[],"records":[]}', configType: CACHE });
    },
    { version: "1.1.0", capabilities: ["amd64", "cuda"], versions: 1 },
  ],
  "reg-01b": [
    (registry, path) => {
      registry.image(path, "1.1.0", { config: CUDA });
      const manifests = [registry.blob(path, "a layer", LAYER), registry.blob(path, '{"layers":[]}', CACHE)];
      registry.manifest(path, "cache", { schemaVersion: 2, mediaType: IMAGE_INDEX, manifests });
    },
    { version: "1.1.0", capabilities: ["amd64", "cuda"], versions: 1 },
  ],
  "reg-01-type-that-says-nothing": [
    (registry, path) => {
      registry.image(path, "1.1.0", { configType: "application/octet-stream" });
      registry.image(path, "9.9.9", { config: '{"layers":[]}', configType: "application/octet-stream" });
      registry.image(path, "9.9.8", { config: '{"layers":[]}', configType: "" });
    },
    { version: "1.1.0", platforms: ["linux/amd64"], versions: 1 },
  ],
  "reg-02-chart": beside("v1.5.0", "1.5.0", { config: "{}", configType: CHART }),
  "reg-02-hub": beside("1.0.0", "artifacthub.io", {
    config: "{}",
    configType: "application/vnd.cncf.artifacthub.config.v1+yaml",
  }),
  "reg-02-artifact": beside("1.0.0", "2.0.0", {
    config: "{}",
    configType: "application/vnd.oci.empty.v1+json",
    manifest: { artifactType: "application/vnd.example.model" },
  }),
  "reg-02-attestations": [
    (registry, path) => {
      registry.image(path, "1.0.0");
      const annotations = { "vnd.docker.reference.type": "attestation-manifest" };
      const platform = { os: "unknown", architecture: "unknown" };
      index(registry, path, "2.0.0", [{ ...registry.image(path, undefined), platform, annotations }]);
    },
    { version: "1.0.0", versions: 1 },
  ],
  "reg-02-index-of-charts": [
    (registry, path) => {
      registry.image(path, "1.0.0");
      const chart = registry.image(path, undefined, { config: "{}", configType: CHART });
      index(registry, path, "2.0.0", [{ ...chart, ...AMD64 }]);
    },
    { version: "1.0.0", versions: 1 },
  ],
  "reg-03-null-label": alone({ config: { config: { Labels: { maintainer: null, number: 1 } } } }),
  "reg-03-time": alone({ config: { created: 1_700_000_000 } }),
  "reg-03-no-layers": alone({ manifest: { layers: undefined } }),
  "reg-03-null-layers": alone({ manifest: { layers: null } }),
  "reg-03-null-annotation": alone({ manifest: { annotations: { x: null } } }),
  "reg-03-platforms": [
    (registry, path) => {
      const child = registry.image(path, undefined);
      index(registry, path, "1.0.0", [null, { ...child, platform: {} }, { ...child, platform: { os: "linux" } }]);
    },
    { version: "1.0.0", platforms: ["linux/amd64"] },
  ],
  "reg-05": [
    (registry, path) => {
      const amd64 = registry.image(path, undefined);
      const arm64 = registry.image(path, undefined, { config: { architecture: "arm64" } });
      index(registry, path, "1.0.0", [
        { ...amd64, ...AMD64 },
        { ...arm64, ...ARM64 },
      ]);
      registry.lose(path, amd64.digest);
    },
    { version: "1.0.0", platforms: ["linux/arm64"] },
  ],
  "reg-15-text": alone({ contentType: "text/plain; charset=utf-8" }),
  "reg-15-json": alone({ contentType: "application/json" }),
  "reg-15-bytes": alone({ contentType: "application/octet-stream" }),
  "reg-15-parameter": alone({ contentType: `${IMAGE_MANIFEST}; charset=utf-8` }),
  "reg-19": [
    (registry, path) =>
      registry.image(path, "1.0.0", { config: label(String.raw`"executor-registry.dev/owner":"a\ud800b"`) }),
    { owner: "a\ufffdb" },
  ],
  "reg-19-key": [
    (registry, path) =>
      registry.image(path, "1.0.0", {
        config: label(
          String.raw`"org.opencontainers.image.vendor":"\udc00","org.opencontainers.image.\ud800":"\ud83d"`,
        ),
      }),
    { owner: "\ufffd" },
  ],
};

/** Images that can never be read, by type, with what is said of them. */
const unreadable: Readonly<Record<string, readonly [fill: (registry: OddRegistry, path: string) => void, RegExp]>> = {
  "reg-03-schema-1": [
    (registry, path) =>
      registry.manifest(
        path,
        "1.0.0",
        { schemaVersion: 1 },
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
      ),
    /Push it again with a current tool/,
  ],
  "reg-03-latin-1": odd({ config: Buffer.from('{"os":"linux","author":"\xe9"}', "latin1") }, /not text in UTF-8/),
  "reg-03-no-json": odd({ config: "<html>" }, /is not JSON/),
  "reg-05-all-gone": [
    (registry, path) => {
      const child = registry.image(path, undefined);
      index(registry, path, "1.0.0", [{ ...child, ...AMD64 }]);
      registry.lose(path, child.digest);
    },
    /names manifest sha256:[0-9a-f]{64}, which the registry does not have/,
  ],
  "reg-05-no-configuration": [
    (registry, path) => {
      const { digest } = registry.blob(path, label(""), "");
      registry.image(path, "1.0.0", { config: label("") });
      registry.lose(path, digest);
    },
    /names configuration sha256:[0-9a-f]{64}, which the registry does not have/,
  ],
  "reg-15-contradiction": odd({ contentType: "text/html" }, /calls itself .* but is served as text\/html/),
  "red-11-lists": odd({ config: `{"x":[${"[],".repeat(1_300_000)}[]]}` }, /more than 100000 values/),
  "red-11-depth": odd({ config: `${"[".repeat(5000)}${"]".repeat(5000)}` }, /nests deeper than 64/),
  "red-11-labels": odd({ config: label(Array.from({ length: 20_000 }, (_, n) => `"l${n}":""`).join()) }, /1000 labels/),
  "red-11-label": odd({ config: label(`"l":"${"x".repeat(1 << 20)}"`) }, /exceed 262144 bytes/),
};

describe("a served registry of odd images", { timeout: 120_000 }, () => {
  let [folder, registry, service]: [string?, OddRegistry?, Serving?] = [];
  const get = async (path: string): Promise<{ readonly status: number; readonly text: string }> => {
    const response = await fetch(`${service?.url}${path}`);
    return { status: response.status, text: await response.text() };
  };
  before(async () => {
    registry = await startOddRegistry();
    for (const [type, [fill]] of Object.entries({ ...readable, ...unreadable }))
      fill(registry, `team/executor-${type}`);
    registry.image("charts/executor-nlp", "0.3.0", { config: "{}", configType: CHART });
    folder = await mkdtemp(join(tmpdir(), "odd-images-"));
    const file = join(folder, "registry.yaml");
    const source = `{ name: main, kind: oci, host: "${registry.host}", insecure: true, repositories: ["**"],
      requests: { concurrent: 64, perSecond: unlimited } }`;
    await writeFile(
      file,
      `listen: { host: 127.0.0.1, port: 0 }\nauth: { writes: open }\nchecks: none\nsources:\n  - ${source}\n`,
    );
    service = await serving(file);
    await untilDiscovered(service.url);
  });
  after(async () => {
    await service?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  for (const [type, [, expected]] of Object.entries(readable)) {
    test(`${type} is answered`, async () => {
      const { status, text } = await get(`/executors/${type}`);
      assert.equal(status, 200, text);
      const document = JSON.parse(text) as ExecutorDocument;
      const members = Object.keys(expected) as (keyof Expected)[];
      assert.deepEqual(Object.fromEntries(members.map((member) => [member, document[member]])), expected);
      assert.deepEqual(document.warnings, []);
    });
  }

  for (const [type, [, reason]] of Object.entries(unreadable)) {
    test(`${type} is no version, and the answer says why`, async () => {
      const { status, text } = await get(`/executors/${type}`);
      const problem = JSON.parse(text) as { readonly code: string; readonly incomplete: readonly string[] };
      assert.deepEqual([status, problem.code], [404, "unknown-type"]);
      assert.ok(problem.incomplete.length > 0);
      assert.match(problem.incomplete[0] ?? "", reason, "what is said first is what was asked for");
    });
  }

  test("reg-02: a repository of charts alone is no type, and the answer says why", async () => {
    const { status, text } = await get("/executors/nlp");
    assert.equal(status, 404);
    assert.match(text, /it is a Helm chart/);
  });

  test("reg-01: what is no image is rejected in the list of versions, with the reason", async () => {
    const { text } = await get("/executors/reg-01a/versions");
    const { versions } = JSON.parse(text) as {
      readonly versions: readonly { readonly tags: readonly string[]; readonly state: string }[];
    };
    assert.deepEqual(Object.fromEntries(versions.map(({ tags, state }) => [tags[0], state])), {
      "1.1.0": "admitted",
      buildcache: "rejected",
    });
    assert.match(text, /it is a build cache .*no container can be started from it/);
  });

  test("reg-01: an image beside a cache is still found by its capability", async () => {
    const { text } = await get("/executors?capability=cuda");
    assert.deepEqual(Object.keys(JSON.parse(text) as object).toSorted(), ["reg-01a", "reg-01b"]);
  });

  test("reg-03: the service is ready and degraded, and counts what is unread", async () => {
    assert.equal((await get("/readyz")).status, 200);
    const health = JSON.parse((await get("/health")).text) as {
      readonly status: string;
      readonly sources: readonly { readonly unread: number }[];
    };
    assert.deepEqual([health.status, health.sources[0]?.unread], ["degraded", Object.keys(unreadable).length]);
  });

  test("reg-19: no answer holds half a character", async () => {
    for (const path of ["/executors", "/journal?limit=1000", "/executors/reg-19/versions"]) {
      assert.doesNotMatch((await get(path)).text, /\\ud[89a-f]/i);
    }
  });
});

function alone(image: OddImage): (typeof readable)[string] {
  return [
    (registry, path) => void registry.image(path, "1.0.0", image),
    { version: "1.0.0", platforms: ["linux/amd64"], versions: 1 },
  ];
}

function beside(good: string, tag: string, other: OddImage): (typeof readable)[string] {
  const fill = (registry: OddRegistry, path: string): void => {
    registry.image(path, good);
    registry.image(path, tag, other);
  };
  return [fill, { version: good, platforms: ["linux/amd64"], versions: 1 }];
}

function odd(image: OddImage, reason: RegExp): (typeof unreadable)[string] {
  return [(registry, path) => void registry.image(path, "1.0.0", image), reason];
}

function index(
  registry: OddRegistry,
  path: string,
  tag: string,
  manifests: readonly (object | null)[],
): BlobDescriptor {
  return registry.manifest(path, tag, { schemaVersion: 2, mediaType: IMAGE_INDEX, manifests });
}
