import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type BlobDescriptor,
  describeBytes,
  IMAGE_INDEX,
  IMAGE_MANIFEST,
  makeImage,
  sha256,
} from "../../../../../testing/images.ts";
import { testClient } from "../../../../../testing/registry-client.ts";
import { startRegistryProxy } from "../../../../../testing/registry-proxy.ts";
import type { ImageDetails } from "../../model/image.ts";

const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = describeBytes("application/vnd.oci.image.layer.v1.tar+gzip", Buffer.alloc(1000));

/** What a registry serves: manifests by `tag` and by digest, blobs by digest. */
class Shelf {
  readonly #byName = new Map<string, { readonly type: string; readonly bytes: Buffer }>();
  requests: readonly { readonly line: string }[] = [];

  /** @param served its content type; `undefined` for none */
  put(name: string | undefined, bytes: Buffer, type: string, served: string | undefined = type): BlobDescriptor {
    const descriptor = describeBytes(type, bytes);
    for (const key of [name, descriptor.digest]) {
      if (key !== undefined) this.#byName.set(key, { type: served ?? "", bytes });
    }
    return descriptor;
  }

  putImage(name: string | undefined, config: unknown, rest: object = {}, type = CONFIG): BlobDescriptor {
    const bytes = Buffer.isBuffer(config) ? config : Buffer.from(JSON.stringify(config));
    const manifest = { schemaVersion: 2, config: this.put(undefined, bytes, type), layers: [LAYER], ...rest };
    return this.put(name, Buffer.from(JSON.stringify(manifest)), IMAGE_MANIFEST);
  }

  putIndex(name: string | undefined, manifests: unknown, rest: object = {}): BlobDescriptor {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: IMAGE_INDEX, manifests, ...rest }));
    return this.put(name, bytes, IMAGE_INDEX);
  }

  async read(signal: AbortSignal, name = "v1"): Promise<ImageDetails> {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.intercept((request, response) => {
      const found = this.#byName.get(request.url?.split("/").at(-1) ?? "");
      if (!found) {
        response.writeHead(404, { "content-type": "application/json" });
        response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
        return true;
      }
      response.writeHead(200, {
        ...(found.type !== "" && { "content-type": found.type }),
        "docker-content-digest": sha256(found.bytes),
      });
      response.end(found.bytes);
      return true;
    });
    this.requests = registry.requests;
    return await client.details("odd/executor-old", await client.manifest("odd/executor-old", name, signal), signal);
  }
}

const healthy = { os: "linux", architecture: "amd64", config: { Labels: { a: "b" } } };

describe("reg-03: what an image says oddly is read as other clients read it", () => {
  for (const [what, config, labels] of [
    ["a null label", { ...healthy, config: { Labels: { maintainer: null, a: "b" } } }, { a: "b" }],
    ["a number as a label", { ...healthy, config: { Labels: { build: 7, a: "b" } } }, { a: "b" }],
    ["lists and objects as labels", { ...healthy, config: { Labels: { x: ["y"], z: {}, a: "b" } } }, { a: "b" }],
    ["labels that are a list", { ...healthy, config: { Labels: ["a=b"] } }, {}],
    ["labels that are null", { ...healthy, config: { Labels: null } }, {}],
    ["labels that are a text", { ...healthy, config: { Labels: "a=b" } }, {}],
    ["a configuration of null", { ...healthy, config: null }, {}],
    ["a configuration that is a list", { ...healthy, config: [] }, {}],
    ["a time that is a number", { ...healthy, created: 1_700_000_000 }, { a: "b" }],
    ["a time that is a number in quotes", { ...healthy, created: "2" }, { a: "b" }],
    ["a time that is null", { ...healthy, created: null }, { a: "b" }],
  ] as const) {
    test(what, async ({ signal }) => {
      const shelf = new Shelf();
      shelf.putImage("v1", config);
      const details = await shelf.read(signal);
      assert.deepEqual([details.labels, details.created], [labels, undefined]);
      assert.deepEqual(details.platforms, ["linux/amd64"]);
    });
  }

  for (const [what, rest] of [
    ["no layers", { layers: undefined }],
    ["null layers", { layers: null }],
    ["null annotations", { annotations: null }],
    ["an annotation that is null", { annotations: { x: null } }],
    ["an annotation that is a number", { annotations: { x: 1 } }],
    ["annotations that are a list", { annotations: ["x"] }],
    ["a null subject, type and list of manifests", { subject: null, artifactType: null, manifests: null }],
    [
      "a layer whose size is none",
      {
        layers: [
          { ...LAYER, size: "9" },
          { ...LAYER, size: -1 },
          { ...LAYER, size: 0.5 },
        ],
      },
    ],
    ["a layer without type, size and with null annotations", { layers: [{ digest: LAYER.digest, annotations: null }] }],
  ] as const) {
    test(`a manifest with ${what}`, async ({ signal }) => {
      const shelf = new Shelf();
      shelf.putImage("v1", healthy, rest);
      assert.deepEqual((await shelf.read(signal)).labels, { a: "b" });
    });
  }

  for (const [what, child, platforms] of [
    ["an empty platform", { platform: {} }, ["linux/amd64"]],
    ["a platform of null", { platform: null }, ["linux/amd64"]],
    ["a platform that names its system only", { platform: { os: "linux" } }, ["linux/amd64"]],
    ["a platform of nulls", { platform: { os: null, architecture: null, variant: null } }, ["linux/amd64"]],
    [
      "a platform with a variant of null",
      { platform: { os: "linux", architecture: "arm64", variant: null } },
      ["linux/arm64"],
    ],
    ["annotations of null", { annotations: { x: null } }, ["linux/amd64"]],
    ["annotations that are null", { annotations: null }, ["linux/amd64"]],
  ] as const) {
    test(`an index whose child has ${what}`, async ({ signal }) => {
      const shelf = new Shelf();
      shelf.putIndex("v1", [null, { ...shelf.putImage(undefined, healthy), ...child }]);
      const { labels, platforms: read, holdsImage } = await shelf.read(signal);
      assert.deepEqual([labels, read, holdsImage], [{ a: "b" }, platforms, true]);
    });
  }
});

describe("reg-03: what can never be read names its manifest, so that it is not fetched again", () => {
  const fails = async (
    shelf: Shelf,
    message: RegExp,
    signal: AbortSignal,
    code = "registry-protocol",
  ): Promise<void> => {
    const tagged = shelf.read(signal);
    await assert.rejects(tagged, (error: Error & { code?: string; digest?: string; retryable?: boolean }) => {
      assert.match(error.message, message);
      assert.deepEqual([error.code, error.retryable], [code, false]);
      assert.match(error.digest ?? "", /^sha256:/);
      return true;
    });
  };

  test("Docker's first schema", async ({ signal }) => {
    const shelf = new Shelf();
    const bytes = Buffer.from('{"schemaVersion":1,"name":"odd/executor-old","tag":"1.0.0","fsLayers":[]}');
    shelf.put("v1", bytes, "application/vnd.docker.distribution.manifest.v1+prettyjws");
    await fails(shelf, /is not an image\. Push it again with a current tool/, signal);
    const plain = new Shelf();
    plain.put("v1", bytes, "x", "application/json");
    await fails(plain, /of the type \(none\), which is not an image\. Push it again/, signal);
  });

  test("a configuration in Latin-1", async ({ signal }) => {
    const shelf = new Shelf();
    shelf.putImage("v1", Buffer.from('{"author":"J\xfcrgen"}', "latin1"));
    await fails(shelf, /configuration sha256:.* is not text in UTF-8/, signal);
  });

  test("a configuration that is not JSON, or a list", async ({ signal }) => {
    const shelf = new Shelf();
    shelf.putImage("v1", Buffer.from("<html>"));
    await fails(shelf, /configuration sha256:.* is not JSON/, signal);
    shelf.putImage("v1", []);
    await fails(shelf, /configuration sha256:.* is not as the specification says/, signal);
  });

  test("a child of an index that can never be read counts for the index", async ({ signal }) => {
    const shelf = new Shelf();
    const index = shelf.putIndex("v1", [shelf.putImage(undefined, healthy, { config: { digest: "none" } })]);
    await assert.rejects(shelf.read(signal), { digest: index.digest, retryable: false });
  });

  test("but a child or configuration that is missing may be pushed again", async ({ signal }) => {
    const shelf = new Shelf();
    shelf.putIndex("v1", [makeImage().descriptor]);
    const missing = { code: "registry-protocol", digest: undefined, message: /which the registry does not have/ };
    await assert.rejects(shelf.read(signal), missing);
    const whole = new Shelf();
    const config = describeBytes(CONFIG, Buffer.from("{}"));
    whole.put("v1", Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers: [] })), IMAGE_MANIFEST);
    await assert.rejects(whole.read(signal), missing);
  });

  test("red-11: lists within lists, and half a million labels, are refused before they are parsed", async ({
    signal,
  }) => {
    const nested = new Shelf();
    nested.putImage("v1", Buffer.from("[".repeat(1 << 20) + "]".repeat(1 << 20)));
    await fails(nested, /nests deeper than 64 levels/, signal, "too-large");
    const wide = new Shelf();
    wide.putImage("v1", Buffer.from(`[${"[],".repeat(1 << 20)}0]`));
    await fails(wide, /holds more than 100000 values/, signal, "too-large");
    const labels = new Shelf();
    labels.putImage("v1", {
      config: { Labels: Object.fromEntries(Array.from({ length: 200_000 }, (_, n) => [n, ""])) },
    });
    await fails(labels, /holds more than 100000 values/, signal, "too-large");
    const some = new Shelf();
    some.putImage("v1", { config: { Labels: Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [n, ""])) } });
    await fails(some, /has more than 1000 labels/, signal, "too-large");
    const large = new Shelf();
    large.putImage("v1", { author: "x".repeat(4 << 20) });
    await fails(large, /is larger than 4194304 bytes/, signal, "too-large");
    assert.equal(large.requests.filter(({ line }) => line.includes("/blobs/")).length, 0, "not even fetched");
  });
});

test("reg-19: a label with half a character has U+FFFD in its place", async ({ signal }) => {
  const shelf = new Shelf();
  const text = '{"os":"linux\\udc00","config":{"Labels":{"owner":"a\\ud800b","k\\udfff":"v"}}}';
  shelf.putImage("v1", Buffer.from(text));
  const details = await shelf.read(signal);
  assert.deepEqual(details.labels, { owner: "a\ufffdb", "k\ufffd": "v" });
  assert.deepEqual(details.platforms, []);
});

describe("reg-15: a manifest under a general content type", () => {
  const { mediaType: _, ...unsaid } = JSON.parse(makeImage({ labels: { a: "b" } }).manifest.toString());
  for (const type of ["text/plain; charset=utf-8", "application/json", "application/octet-stream", ""]) {
    test(`${type || "none"} is read by its own`, async ({ signal }) => {
      for (const manifest of [unsaid, { ...unsaid, mediaType: IMAGE_MANIFEST }]) {
        const image = makeImage({ labels: { a: "b" } });
        const shelf = new Shelf();
        for (const blob of image.blobs.values()) shelf.put(undefined, blob, "application/octet-stream");
        shelf.put("v1", Buffer.from(JSON.stringify(manifest)), IMAGE_MANIFEST, type);
        const details = await shelf.read(signal);
        assert.deepEqual([details.mediaType, details.labels], [IMAGE_MANIFEST, { a: "b" }]);
      }
    });
  }

  test("is refused under another specific type", async ({ signal }) => {
    for (const type of ["text/html", "application/vnd.docker.distribution.manifest.v2+json", IMAGE_INDEX]) {
      const shelf = new Shelf();
      shelf.put("v1", makeImage().manifest, IMAGE_MANIFEST, type);
      await assert.rejects(shelf.read(signal), /calls itself .* but is served as/, type);
    }
  });
});

describe("what distinguishes an image from other artifacts is in the details", () => {
  test("reg-01: a build cache and a chart by the type of their configuration", async ({ signal }) => {
    const shelf = new Shelf();
    for (const type of ["application/vnd.buildkit.cacheconfig.v0", "application/vnd.cncf.helm.config.v1+json"]) {
      shelf.putImage("v1", {}, {}, type);
      const { configType, platforms } = await shelf.read(signal);
      assert.deepEqual([configType, platforms], [type, []]);
    }
    shelf.putImage("v1", healthy);
    assert.equal((await shelf.read(signal)).configType, CONFIG);
  });

  test("reg-01: an artifact by its own type", async ({ signal }) => {
    const shelf = new Shelf();
    shelf.putImage("v1", {}, { artifactType: "application/spdx+json" }, "application/vnd.oci.empty.v1+json");
    const { configType, artifactType } = await shelf.read(signal);
    assert.deepEqual([configType, artifactType], ["application/vnd.oci.empty.v1+json", "application/spdx+json"]);
  });

  test("reg-01: an index of layers or of attestations holds no image", async ({ signal }) => {
    const shelf = new Shelf();
    const attestation = {
      ...shelf.putImage(undefined, healthy),
      platform: { os: "unknown", architecture: "unknown" },
      annotations: { "vnd.docker.reference.type": "attestation-manifest" },
    };
    for (const children of [[LAYER], [attestation], [], null]) {
      shelf.putIndex("v1", children);
      const { holdsImage, configType, platforms, labels } = await shelf.read(signal);
      assert.deepEqual([holdsImage, configType, platforms, labels], [false, undefined, [], {}]);
    }
  });

  test("red-20: an index within an index keeps its labels and platforms, one level deep", async ({ signal }) => {
    const shelf = new Shelf();
    const arm = {
      ...shelf.putImage(undefined, { ...healthy, architecture: "arm64" }),
      platform: { os: "linux", architecture: "arm64" },
    };
    const bare = shelf.putImage(undefined, { ...healthy, config: { Labels: { a: "bare" } } });
    const first = shelf.putIndex(undefined, [arm]);
    const second = { ...shelf.putIndex(undefined, [bare]), platform: { os: "linux", architecture: "amd64" } };
    shelf.putIndex("v1", [first, second]);
    const { labels, platforms, holdsImage, configType } = await shelf.read(signal);
    assert.deepEqual([labels, holdsImage, configType], [{ a: "bare" }, true, CONFIG]);
    assert.deepEqual(platforms, ["linux/amd64", "linux/arm64"]);

    shelf.putIndex("deep", [shelf.putIndex(undefined, [shelf.putIndex(undefined, [arm])])]);
    assert.equal((await shelf.read(signal, "deep")).holdsImage, false);
  });
});
