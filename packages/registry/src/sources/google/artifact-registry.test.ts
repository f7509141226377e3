import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { repositoryNamed, repositoryAt, systemClock } from "@executor-registry/resolver";
import { type ArtifactImage, startArtifactRegistryDouble } from "../../../../../testing/artifact-registry-double.ts";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { artifactRegistrySource } from "./testing/artifact-registry.ts";
import { scanned } from "../testing/scanned.ts";

const HOST = "europe-west4-docker.pkg.dev";
const ML = `${HOST}/acme/executors/executor-ml`;
const NLP = `${HOST}/acme/executors/team/executor-nlp`;
const HOUR_MS = 3_600_000;
const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, "0")}`;
const image = (name: string, n: number, ...tags: readonly string[]): ArtifactImage => ({
  name,
  digest: digest(n),
  tags,
});
const states = (listings: ReadonlyMap<string, { readonly state: string }>): unknown =>
  [...listings].map(([repository, { state }]) => [repository, state]);

describe("a scan of Artifact Registry", () => {
  test("costs a request per location and per 1,000 images of a repository, however many images it holds", async () => {
    await using double = await startArtifactRegistryDouble();
    const many = Array.from({ length: 2400 }, (_, n) => image("executor-ml", n, `1.0.${n}`));
    const others = Array.from({ length: 100 }, (_, n) => image("app", 5000 + n, `1.${n}`));
    double.set("europe-west4", "executors", [...many, ...others, image("team/executor-nlp", 9000, "2.0.0")]);
    double.set("europe-west4", "charts", [], "HELM");
    double.set("europe-west4", "unrelated", [image("app", 1, "1")]);
    const source = artifactRegistrySource(double, { repositories: ["acme/executors/**"] });
    const { outcome, listings } = await scanned(source);
    assert.deepEqual(outcome, { complete: true });
    assert.deepEqual([...listings.keys()], [ML, NLP]);
    const ml = listings.get(ML);
    assert.equal(ml?.state === "listed" && ml.images.length, 2400);
    assert.deepEqual([double.requests.length, source.requests], [1 + 3, 4]);
    assert.ok(double.requests.every((path) => path.includes("pageSize=1000")));
  });

  test("says how far the API's clock is from the machine's", async () => {
    await using double = await startArtifactRegistryDouble();
    double.set("europe-west4", "executors", [image("executor-ml", 1, "1.0.0")]);
    const source = artifactRegistrySource(double, { clock: { ...systemClock, now: () => Date.now() - HOUR_MS } });
    assert.equal(source.clockOffset, undefined);
    await scanned(source);
    assert.ok(Math.abs((source.clockOffset ?? 0) - HOUR_MS) < 2000, `${source.clockOffset} ms`);
  });

  test("shows tags and times of upload; sizes that no number holds do not matter", async () => {
    await using double = await startArtifactRegistryDouble();
    double.set("europe-west4", "executors", [
      { ...image("executor-ml", 1, "latest", "1.0.0"), uploaded: new Date("2026-11-01T08:00:00.500Z") },
      image("executor-ml", 2, `sha256-${"a".repeat(64)}.sig`),
      { name: "executor-ml", digest: digest(3) },
      { name: "team/executor-nlp", digest: digest(4) },
    ]);
    const { listings } = await scanned(artifactRegistrySource(double));
    const images = [{ digest: digest(1), tags: ["1.0.0", "latest"], pushed: "2026-11-01T08:00:00.500Z" }];
    assert.deepEqual(
      [...listings.values()],
      [
        { state: "listed", repository: repositoryNamed(ML), images, unread: [] },
        { state: "listed", repository: repositoryNamed(NLP), images: [], unread: [] },
      ],
    );
  });

  test("finds what was Container Registry under its old names", async () => {
    await using double = await startArtifactRegistryDouble();
    const places = [
      ["us", "gcr.io"],
      ["us", "us.gcr.io"],
      ["europe", "eu.gcr.io"],
      ["asia", "asia.gcr.io"],
      ["europe", "executors"],
    ] as const;
    for (const [location, repository] of places) double.set(location, repository, [image("executor-ml", 1, "1.0.0")]);
    const locations = ["us", "europe", "asia"];
    const source = artifactRegistrySource(double, {
      locations,
      repositories: ["acme/executor-*", "acme/*/executor-*"],
    });
    const expected = ["asia.gcr.io", "eu.gcr.io", "gcr.io", "us.gcr.io"].map((host) => `${host}/acme/executor-ml`);
    const { listings } = await scanned(source);
    assert.deepEqual(
      [...listings.keys()].sort(),
      [...expected, "europe-docker.pkg.dev/acme/executors/executor-ml"].sort(),
    );
    assert.deepEqual(
      source
        .named("acme/executor-ml")
        .map(({ name }) => name)
        .toSorted(),
      expected,
    );
    assert.equal(source.rank(repositoryNamed("us-docker.pkg.dev/acme/gcr.io/executor-ml")), undefined);
    const only = ["eu.gcr.io/acme/executor-ml", "gcr.io/acme/executor-nlp", "gcr.io/other/executor-ml"];
    assert.deepEqual(states((await scanned(source, { only: only.map(repositoryNamed) })).listings), [
      ["eu.gcr.io/acme/executor-ml", "listed"],
      ["gcr.io/acme/executor-nlp", "gone"],
    ]);
  });

  test("of some repositories reads only what holds them", async () => {
    await using double = await startArtifactRegistryDouble();
    double.set("europe-west4", "executors", [image("executor-ml", 1, "1"), image("team/executor-nlp", 2, "1")]);
    double.set("europe-west4", "others", [image("executor-cv", 1, "1")]);
    const source = artifactRegistrySource(double);
    const gone = `${HOST}/acme/deleted/executor-ml`;
    const { outcome, listings } = await scanned(source, {
      only: [NLP, gone, "ghcr.io/acme/executor-ml"].map(repositoryNamed),
    });
    assert.deepEqual(outcome, { complete: false });
    assert.deepEqual(states(listings), [
      [NLP, "listed"],
      [gone, "gone"],
    ]);
    assert.deepEqual(
      double.requests.map((path) => path.split("/repositories/")[1]?.split("?")[0]),
      ["executors/dockerImages", "deleted/dockerImages"],
    );
  });

  test("prefers locations in their order, within the order of the patterns", async () => {
    await using double = await startArtifactRegistryDouble();
    const source = artifactRegistrySource(double, {
      locations: ["us", "europe-west4"],
      repositories: ["acme/executors/executor-ml", "acme/executors/**"],
    });
    const us = ML.replace("europe-west4", "us");
    assert.deepEqual(
      [us, ML, NLP].map((name) => source.rank(repositoryNamed(name))),
      [0, 1, 3],
    );
    const legacy = ["gcr.io", "us.gcr.io"].map((host) => `${host}/acme/executors/executor-ml`);
    assert.deepEqual(source.named("acme/executors/executor-ml"), [us, ...legacy, ML].map(repositoryNamed));
    assert.deepEqual(source.named("acme/executors/executor-ml", HOST), [repositoryNamed(ML)]);
    assert.deepEqual(source.named("acme/executors/executor-ml", "evil.test"), []);
    assert.equal(source.rank(repositoryAt(HOST, "other/executors/executor-ml")), undefined);
  });
});

describe("Artifact Registry, when it does not answer as it should:", () => {
  const quota = { status: 429, headers: { "retry-after": "7" }, body: "{}" };

  test("it is not asked for as long as it says, then asked again", async () => {
    await using double = await startArtifactRegistryDouble();
    double.set("europe-west4", "executors", [image("executor-ml", 1, "1")]);
    double.answerNext(/dockerImages/, quota);
    double.answerNext(/dockerImages/, { status: 503 });
    const clock = manualClock();
    const scan = scanned(artifactRegistrySource(double, { clock, random: () => 0.5 }));
    const first = await clock.nextSleep();
    await clock.advance(first);
    const second = await clock.nextSleep();
    await clock.advance(second);
    assert.deepEqual([first, second], [7500, 1000]);
    assert.deepEqual(states((await scan).listings), [[ML, "listed"]]);
    assert.equal(double.requests.length, 4);
  });

  test("each refusal is reported with its cause and what to do", async () => {
    await using double = await startArtifactRegistryDouble();
    const source = artifactRegistrySource(double);
    const told = async (status: number, body = "{}"): Promise<string> => {
      double.answerNext(/repositories\?/, { status, body });
      const { outcome } = await scanned(source);
      return `${outcome.complete} ${outcome.problem?.code} ${outcome.problem?.message}`;
    };
    assert.match(await told(401), /^false unauthorized .*Renew the credentials/);
    assert.match(await told(403), /^false forbidden .*roles\/artifactregistry\.reader on the project acme/);
    assert.match(await told(404, '{"error": {"status": "NOT_FOUND"}}'), /^false not-found .*Check the project/);
    assert.match(await told(404, "<html>"), /^false registry-protocol /);
    assert.match(await told(302), /^false registry-protocol .*status 302/);
    assert.match(
      await told(200, '{"repositories": [{"name": 5}]}'),
      /^false registry-protocol .*repositories\.0\.name/,
    );
  });

  test("an answer without end is not read to it", async () => {
    await using double = await startArtifactRegistryDouble();
    double.answerNext(/repositories\?/, { status: 200, body: Buffer.alloc((16 << 20) + 1, " ") });
    const { outcome } = await scanned(artifactRegistrySource(double));
    assert.equal(outcome.problem?.code, "too-large");
  });

  test("a repository of which a page is missing is not taken for a smaller one", async () => {
    await using double = await startArtifactRegistryDouble();
    const many = Array.from({ length: 1500 }, (_, n) => image("executor-ml", n, `1.0.${n}`));
    double.set("europe-west4", "executors", many);
    double.set("europe-west4", "others", [image("executor-cv", 1, "1")]);
    const source = artifactRegistrySource(double);
    double.answerNext(/executors\/dockerImages.*pageToken/, { status: 403 }, 2);
    const { outcome, listings } = await scanned(source);
    assert.deepEqual([...listings.keys()], [`${HOST}/acme/others/executor-cv`]);
    assert.deepEqual([outcome.complete, outcome.problem?.code], [false, "forbidden"]);
    assert.deepEqual(states((await scanned(source, { only: [repositoryNamed(ML)] })).listings), [[ML, "failed"]]);
  });

  test("a location that is away does not keep the others from being read", async () => {
    await using double = await startArtifactRegistryDouble();
    double.set("europe-west4", "executors", [image("executor-ml", 1, "1")]);
    double.answerNext(/locations\/us\//, { status: 403 });
    const { outcome, listings } = await scanned(artifactRegistrySource(double, { locations: ["us", "europe-west4"] }));
    assert.deepEqual([states(listings), outcome.complete], [[[ML, "listed"]], false]);
  });

  test("its token is asked for each time, so that a new one is used at once", async () => {
    await using double = await startArtifactRegistryDouble();
    const source = artifactRegistrySource(double);
    assert.equal((await scanned(source)).outcome.complete, true);
    double.renewToken();
    assert.equal((await scanned(source)).outcome.complete, true);
    const tokenless = artifactRegistrySource(double, { token: () => Promise.resolve("stale") });
    const { problem } = (await scanned(tokenless)).outcome;
    assert.equal(problem?.code, "unauthorized");
    assert.doesNotMatch(`${problem?.message} ${String(problem?.cause)}`, /stale/);
  });
});
