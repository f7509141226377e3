import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { repositoryAt, silentLogger, type Repository } from "@executor-registry/resolver";
import { GOOGLE_PROJECT, startArtifactRegistryDouble } from "../../../../testing/artifact-registry-double.ts";
import { startEcrDouble } from "../../../../testing/ecr-double.ts";
import { writeLayout } from "../../../../testing/images.ts";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { startOddRegistry } from "../../../../testing/odd-registry.ts";
import { createNaming } from "../model/naming.ts";
import { ecrSource } from "../sources/ecr/testing/ecr.ts";
import { artifactRegistrySource } from "../sources/google/testing/artifact-registry.ts";
import type { ImageSource } from "../sources/image-source.ts";
import { scanned } from "../sources/testing/scanned.ts";
import { isWatched, makeSources, SourceConfig } from "./source-kinds.ts";

/** A source that holds one executor, with two tags of one image, and another repository. */
interface Held extends AsyncDisposable {
  readonly source: ImageSource;
  readonly executor: Repository;
  /** From now on nothing of it can be read. */
  spoil(): Promise<void> | void;
}

const TAGS = ["1.0.0", "1.0.1"];
const DIGEST = `sha256:${"a1".repeat(32)}`;

/** As a service makes it. */
function configured(config: object): ImageSource {
  const around = {
    naming: createNaming({ template: "executor-{type}" }),
    template: "executor-{type}",
    clock: manualClock(),
    random: () => 0.5,
    log: silentLogger,
  };
  const { scanned } = makeSources([SourceConfig.parse(config)], around);
  const [made] = scanned;
  assert.ok(made);
  return made.source;
}

const KINDS: Readonly<Record<string, () => Promise<Held>>> = {
  async oci() {
    const registry = await startOddRegistry();
    for (const tag of TAGS) registry.image("team/executor-ml", tag);
    registry.image("team/tool", "1.0.0");
    return {
      source: configured({ name: "a", kind: "oci", host: registry.host, insecure: true, repositories: ["**"] }),
      executor: repositoryAt(registry.host, "team/executor-ml"),
      spoil: () => registry.answerNext(/./, { status: 403 }, Infinity),
      [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
    };
  },
  async ecr() {
    const double = await startEcrDouble();
    double.set("team/executor-ml", [{ digest: DIGEST, tags: TAGS }]);
    double.set("team/tool", [{ digest: DIGEST, tags: ["1.0.0"] }]);
    const denied = { status: 400, type: "AccessDeniedException", message: "denied" };
    return {
      source: ecrSource(double),
      executor: repositoryAt(double.host(), "team/executor-ml"),
      spoil() {
        for (const call of ["DescribeRepositories", "DescribeImages"]) double.failNext(call, denied, Infinity);
      },
      [Symbol.asyncDispose]: () => double[Symbol.asyncDispose](),
    };
  },
  async "artifact-registry"() {
    const double = await startArtifactRegistryDouble();
    double.set("europe-west4", "images", [
      { name: "executor-ml", digest: DIGEST, tags: TAGS },
      { name: "tool", digest: DIGEST, tags: ["1.0.0"] },
    ]);
    return {
      source: artifactRegistrySource(double),
      executor: repositoryAt("europe-west4-docker.pkg.dev", `${GOOGLE_PROJECT}/images/executor-ml`),
      spoil: () => double.answerNext(/./, { status: 403 }, Infinity),
      [Symbol.asyncDispose]: () => double[Symbol.asyncDispose](),
    };
  },
  async "oci-layout"() {
    const path = await mkdtemp(join(tmpdir(), "layout-"));
    const names = [...TAGS.map((tag) => `r.test/team/executor-ml:${tag}`), "r.test/team/tool:1.0.0"];
    await writeLayout(path, Object.fromEntries(names.map((name) => [name, {}])));
    return {
      source: configured({ name: "a", kind: "oci-layout", path }),
      executor: repositoryAt("r.test", "team/executor-ml"),
      spoil: () => rm(path, { recursive: true }),
      [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
    };
  },
};

test("every kind of source that is scanned is held to the suite", () => {
  const kinds = SourceConfig.options.map(({ shape }) => shape.kind.value);
  const scannedKinds = kinds.filter((kind) => !isWatched({ kind } as SourceConfig));
  assert.deepEqual(Object.keys(KINDS).sort(), scannedKinds.sort());
});

for (const [kind, open] of Object.entries(KINDS)) {
  describe(`a source of kind ${kind}`, () => {
    test("lists each image of an executor once, with its tags in order", async () => {
      await using held = await open();
      assert.equal(held.source.kind, kind);
      const { outcome, listings } = await scanned(held.source);
      assert.deepEqual(outcome, { complete: true });
      assert.deepEqual([...listings.keys()], [held.executor.name]);
      const listing = listings.get(held.executor.name);
      assert.ok(listing?.state === "listed");
      assert.deepEqual(
        listing.images.map(({ tags }) => tags),
        [TAGS],
      );
      assert.deepEqual(listing.unread, []);
      await held.source.close();
    });

    test("looks at what it is asked for alone, and never takes that for everything", async () => {
      await using held = await open();
      await scanned(held.source);
      const { executor } = held;
      const stranger = repositoryAt("elsewhere.test", executor.path);
      const { outcome, listings } = await scanned(held.source, { only: [executor, stranger] });
      assert.equal(outcome.complete, false);
      assert.deepEqual([...listings.keys()], [executor.name]);
      assert.notEqual(held.source.rank(executor), undefined);
      assert.equal(held.source.rank(repositoryAt(executor.registry, "team/tool")), undefined);
    });

    test("concludes nothing from what it cannot read", async () => {
      await using held = await open();
      await scanned(held.source);
      await held.spoil();
      const { outcome, listings } = await scanned(held.source);
      assert.equal(outcome.complete, false);
      assert.ok(outcome.problem);
      assert.deepEqual([...listings.values()], []);
      const { listings: asked } = await scanned(held.source, { only: [held.executor] });
      for (const { state } of asked.values()) assert.equal(state, "failed");
    });

    test("ends with its signal", async () => {
      await using held = await open();
      const signal = AbortSignal.abort(new Error("enough"));
      await assert.rejects(scanned(held.source, { signal }), /enough/);
    });
  });
}

describe("an event's host", () => {
  const path = "team/executor-ml";
  const google = { name: "a", kind: "artifact-registry", project: "acme-prod", locations: ["europe-west4"] };
  const named: readonly (readonly [host: string, path: string, config: object])[] = [
    ["r.test", path, { name: "a", kind: "oci", host: "r.test", repositories: ["**"] }],
    [
      "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
      path,
      { name: "a", kind: "ecr", regions: ["eu-west-1"], registryId: "123456789012", repositories: ["**"] },
    ],
    ["europe-west4-docker.pkg.dev", "acme-prod/images/executor-ml", { ...google, repositories: ["**"] }],
  ];
  for (const [host, path, config] of named) {
    test(`is ${host} with or without its default port`, async () => {
      const source = configured(config);
      const expected = [repositoryAt(host, path)];
      for (const said of [host, `${host}:443`, `${host}:80`])
        assert.deepEqual(source.named(path, said), expected, said);
      for (const said of [`${host}:5000`, "elsewhere.test"]) assert.deepEqual(source.named(path, said), [], said);
      await source.close();
    });
  }
});
