import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { repositoryNamed, repositoryAt, systemClock } from "@executor-registry/resolver";
import { RegistryError } from "../../oci/wire/errors.ts";
import { type EcrImage, startEcrDouble } from "../../../../../testing/ecr-double.ts";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { createNaming } from "../../model/naming.ts";
import { ecrSource } from "./testing/ecr.ts";
import { scanned } from "../testing/scanned.ts";

const HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const OTHER = "999999999999.dkr.ecr.eu-west-1.amazonaws.com";
const ML = `${HOST}/team/executor-ml`;
const HOUR_MS = 3_600_000;
const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, "0")}`;
const image = (n: number, ...tags: readonly string[]): EcrImage => ({ digest: digest(n), tags });

describe("a scan of Amazon ECR", () => {
  test("costs a call per 1,000 repositories and per 1,000 images of those that hold executors", async () => {
    await using ecr = await startEcrDouble();
    for (let n = 0; n < 1300; n++) ecr.set(`other/app-${n}`, [image(n, "1.0.0")]);
    for (let n = 0; n < 199; n++) ecr.set(`team/executor-t${n}`, [image(n, "1.0.0")]);
    ecr.set(
      "team/executor-ml",
      Array.from({ length: 2500 }, (_, n) => image(n, `1.0.${n}`)),
    );
    const source = ecrSource(ecr);
    const { outcome, listings } = await scanned(source);
    assert.deepEqual(outcome, { complete: true });
    const ml = listings.get(ML);
    assert.equal(ml?.state === "listed" && ml.images.length, 2500);
    assert.equal(listings.size, 200);
    assert.deepEqual([ecr.count("DescribeRepositories"), ecr.count("DescribeImages")], [2, 199 + 3]);
    assert.deepEqual([ecr.calls.length, source.requests], [204, 204]);
  });

  test("says how far the API's clock is from the machine's", async () => {
    await using ecr = await startEcrDouble();
    ecr.set("team/executor-ml", [image(1, "1.0.0")]);
    const source = ecrSource(ecr, { clock: { ...systemClock, now: () => Date.now() - HOUR_MS } });
    assert.equal(source.clockOffset, undefined);
    await scanned(source);
    assert.ok(Math.abs((source.clockOffset ?? 0) - HOUR_MS) < 2000, `${source.clockOffset} ms`);
  });

  test("shows tags and times of push; no signatures, nothing untagged, nothing archived", async () => {
    await using ecr = await startEcrDouble();
    ecr.set("team/executor-ml", [
      { ...image(1, "latest", "1.0.0"), pushedAt: new Date("2026-11-01T08:00:00Z") },
      { ...image(2, `sha256-${"a".repeat(64)}.sig`) },
      { ...image(3) },
      { ...image(4, "0.9.0"), status: "ARCHIVED" },
      { ...image(5, "0.8.0"), status: "ACTIVE", pushedAt: new Date("2026-10-01T08:00:00Z") },
    ]);
    const { listings } = await scanned(ecrSource(ecr));
    const images = [
      { digest: digest(1), tags: ["1.0.0", "latest"], pushed: "2026-11-01T08:00:00.000Z" },
      { digest: digest(5), tags: ["0.8.0"], pushed: "2026-10-01T08:00:00.000Z" },
    ];
    assert.deepEqual(listings.get(ML), { state: "listed", repository: repositoryNamed(ML), images, unread: [] });
  });

  test("takes a tag that moved while the pages were read from the later page", async () => {
    await using ecr = await startEcrDouble();
    const many = Array.from({ length: 1000 }, (_, n) => image(n + 10, `1.0.${n}`));
    ecr.set("team/executor-ml", [image(1, "latest", "0.1.0"), ...many, image(2, "latest")]);
    const { listings } = await scanned(ecrSource(ecr));
    const listing = listings.get(ML);
    const tagged = listing?.state === "listed" ? listing.images : [];
    assert.deepEqual(
      tagged.filter(({ tags }) => tags.includes("latest")).map(({ digest }) => digest),
      [digest(2)],
    );
    assert.deepEqual(tagged.find((one) => one.digest === digest(1))?.tags, ["0.1.0"]);
  });

  test("asks for repositories that are named one by one without listing all others", async () => {
    await using ecr = await startEcrDouble();
    ecr.set("team/executor-ml", [image(1, "1.0.0")]);
    const { outcome, listings } = await scanned(
      ecrSource(ecr, { repositories: ["team/executor-ml", "team/executor-nlp"] }),
    );
    assert.deepEqual(outcome, { complete: true });
    assert.deepEqual(
      [...listings.values()].map(({ repository, state }) => [repository.name, state]),
      [
        [ML, "listed"],
        [`${HOST}/team/executor-nlp`, "gone"],
      ],
    );
    assert.equal(ecr.count("DescribeRepositories"), 0);
  });

  test("of some repositories looks at these alone, right after the start too", async () => {
    await using ecr = await startEcrDouble();
    for (const name of ["ml", "nlp", "cv"]) ecr.set(`team/executor-${name}`, [image(1, "1.0.0")]);
    const only = [ML, `${HOST}/team/executor-gone`, `${OTHER}/team/executor-nlp`, "ghcr.io/team/executor-cv"];
    const { outcome, listings } = await scanned(ecrSource(ecr), { only: only.map(repositoryNamed) });
    assert.deepEqual(outcome, { complete: false });
    assert.deepEqual(
      [...listings.values()].map(({ repository, state }) => [repository.name, state]),
      [
        [ML, "listed"],
        [`${HOST}/team/executor-gone`, "gone"],
      ],
    );
    assert.deepEqual(
      ecr.calls.map(({ operation, input }) => [operation, input.repositoryName]),
      [
        ["GetAuthorizationToken", undefined],
        ["DescribeImages", "team/executor-ml"],
        ["DescribeImages", "team/executor-gone"],
      ],
    );
  });

  test("of another account's registry says so in every call", async () => {
    await using ecr = await startEcrDouble();
    ecr.set("team/executor-ml", [image(1, "1.0.0")], { account: "999999999999" });
    const source = ecrSource(ecr, { registryId: "999999999999" });
    const { listings } = await scanned(source, { only: [repositoryAt(OTHER, "team/executor-ml")] });
    assert.deepEqual([...(await scanned(source)).listings.keys()], [`${OTHER}/team/executor-ml`]);
    assert.deepEqual([...listings.keys()], [`${OTHER}/team/executor-ml`]);
    const described = ecr.calls.filter(({ operation }) => operation.startsWith("Describe"));
    assert.deepEqual(new Set(described.map(({ input }) => input.registryId)), new Set(["999999999999"]));
  });

  test("prefers regions in their order; one that is denied does not keep the others from being read", async () => {
    await using ecr = await startEcrDouble();
    const regions = ["us-east-1", "eu-west-1"];
    for (const region of regions) ecr.set("team/executor-ml", [image(1, "1.0.0")], { region });
    const source = ecrSource(ecr, { regions });
    await scanned(source);
    assert.deepEqual(
      [HOST.replace("eu-west-1", "us-east-1"), HOST].map((host) => source.rank(repositoryAt(host, "team/executor-ml"))),
      [0, 1],
    );
    ecr.failNext("DescribeRepositories", {
      region: "us-east-1",
      status: 400,
      type: "AccessDeniedException",
      message: "User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: ecr:DescribeRepositories",
    });
    const { outcome, listings } = await scanned(source);
    assert.deepEqual([[...listings.keys()], outcome.complete, outcome.problem?.code], [[ML], false, "forbidden"]);
    assert.match(
      outcome.problem?.message ?? "",
      /us-east-1.*AWS denies ecr:DescribeRepositories\. Allow it in the IAM policy/,
    );
  });

  test("knows its registries before it was ever asked, and others never", async () => {
    await using ecr = await startEcrDouble();
    const naming = createNaming({ template: "executor-{type}" });
    const source = ecrSource(ecr, { naming, repositories: ["team/executor-ml", "team/*"] });
    const rank = (name: string): number | undefined => source.rank(repositoryNamed(name));
    assert.deepEqual([rank(ML), rank(`${HOST}/team/executor-nlp`)], [0, 1]);
    assert.deepEqual(source.named("team/executor-ml", HOST), [repositoryNamed(ML)]);
    assert.equal(rank(`${HOST}/team/app`), undefined);
    assert.equal(rank(`${HOST.replace("eu-west-1", "eu-west-2")}/team/executor-ml`), undefined);
    ecr.set("team/executor-ml", [image(1, "1.0.0")]);
    const evil = "123456789012.dkr.ecr.eu-west-1.evil.test/team/executor-ml";
    const { listings } = await scanned(source, { only: [evil, ML].map(repositoryNamed) });
    assert.deepEqual([...listings.keys()], [ML]);
    assert.equal(rank(evil), undefined);
    assert.equal(rank(`${OTHER}/team/executor-ml`), undefined);
    assert.deepEqual(source.named("team/executor-ml"), [repositoryNamed(ML)]);
    assert.deepEqual(source.named("team/executor-ml", OTHER), []);
  });
});

describe("Amazon ECR, when it does not answer as it should:", () => {
  test("a throttled call is repeated after growing pauses, and all of the region wait", async () => {
    await using ecr = await startEcrDouble();
    ecr.set("team/executor-ml", [image(1, "1.0.0")]);
    ecr.failNext("DescribeImages", { status: 400, type: "ThrottlingException", message: "Rate exceeded" }, 3);
    const clock = manualClock();
    const source = ecrSource(ecr, { clock });
    const scan = scanned(source);
    const pauses: number[] = [];
    for (let i = 0; i < 3; i++) {
      pauses.push(await clock.nextSleep());
      await clock.advance(pauses[i] ?? 0);
    }
    const { outcome, listings } = await scan;
    assert.deepEqual(pauses, [500, 1000, 2000]);
    assert.deepEqual([outcome.complete, listings.get(ML)?.state], [true, "listed"]);
    assert.deepEqual([ecr.count("DescribeImages"), source.requests], [4, 5]);
  });

  test("throttling that does not end is reported as such", async () => {
    await using ecr = await startEcrDouble();
    ecr.failNext("DescribeRepositories", { status: 400, type: "ThrottlingException" }, 100);
    const clock = manualClock();
    let over = false;
    const scan = scanned(ecrSource(ecr, { clock })).finally(() => (over = true));
    for (let tries = 0; tries < 7; tries++) await clock.advance(await clock.nextSleep());
    const { outcome } = await scan;
    assert.ok(over);
    assert.deepEqual([outcome.complete, outcome.problem?.code, ecr.calls.length], [false, "throttled", 8]);
  });

  test("refused or missing credentials are reported with what to do, and quote nothing", async () => {
    await using ecr = await startEcrDouble();
    const secretAccessKey = "wJalrXUtnFEMI";
    const refused = await scanned(ecrSource(ecr, { credentials: { accessKeyId: "AKIDOTHER", secretAccessKey } }));
    const broken = ecrSource(ecr, {
      credentials: () => Promise.reject(named("CredentialsProviderError", "secret-xyz")),
    });
    for (const { problem } of [refused.outcome, (await scanned(broken)).outcome]) {
      assert.equal(problem?.code, "unauthorized");
      assert.match(problem?.message ?? "", /IRSA or EKS Pod Identity/);
      assert.doesNotMatch(`${problem?.message} ${String(problem?.cause)}`, /wJalrXUtnFEMI|AKIDOTHER|secret-xyz/);
    }
  });

  test("a repository that fails half-way is not taken for a smaller one", async () => {
    await using ecr = await startEcrDouble();
    ecr.set(
      "team/executor-ml",
      Array.from({ length: 1500 }, (_, n) => image(n, `1.0.${n}`)),
    );
    ecr.failNext("DescribeImages", { status: 400, type: "AccessDeniedException", message: "denied", after: 1 });
    const { outcome, listings } = await scanned(ecrSource(ecr));
    const listing = listings.get(ML);
    assert.deepEqual([listing?.state, outcome.complete], ["failed", true]);
    assert.ok(listing?.state === "failed" && listing.problem instanceof RegistryError);
    assert.match(listing.problem.message, /AWS denies ecr:DescribeImages/);
  });

  test("an ending service does not wait for a pause to pass", async () => {
    await using ecr = await startEcrDouble();
    ecr.failNext("DescribeRepositories", { status: 400, type: "ThrottlingException" });
    const clock = manualClock();
    const ending = new AbortController();
    const scan = scanned(ecrSource(ecr, { clock }), { signal: ending.signal });
    await clock.nextSleep();
    ending.abort(new Error("the service ends"));
    await assert.rejects(scan, /the service ends/);
  });

  test("an address where nothing answers is reported as unreachable", async () => {
    const ecr = await startEcrDouble();
    await ecr[Symbol.asyncDispose]();
    const clock = manualClock();
    const scan = scanned(ecrSource(ecr, { clock }));
    for (let tries = 0; tries < 7; tries++) await clock.advance(await clock.nextSleep());
    const { outcome } = await scan;
    assert.equal(outcome.problem?.code, "unreachable");
    assert.match(outcome.problem?.message ?? "", /ECONNREFUSED/);
  });
});

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
