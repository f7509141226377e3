import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type Digest, ExecutorRegistryError } from "@executor-registry/resolver";
import { pino } from "pino";
import { openScanning, type Scanning, type ScanningOptions } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource, unreadable } from "../testing/scripted-source.ts";
import { ServedVersions } from "./served.ts";

type ListedImage = ReturnType<typeof listedImage>;
type ScanOutcome = Awaited<ReturnType<Parameters<typeof scriptedSource>[0]>>;

const MINUTE_MS = 60_000;
const INTERVAL_MS = 5 * MINUTE_MS;
const digestOf = (character: string): Digest => `sha256:${character.repeat(64)}`;
const notFound = () => new ExecutorRegistryError("not-found", "there is no such manifest", { retryable: false });
const semver = (range = "*") => ({ name: "releases", kind: "semver", range }) as const;

describe("the version that is served, where a listing would go down", () => {
  /** What the registry lists, and what it says of each digest that it is asked for: there, unless it is here. */
  let listed: readonly ListedImage[];
  let missing: Map<Digest, ExecutorRegistryError>;
  let outcome: ScanOutcome;
  let scanning: Scanning;
  let served: ServedVersions;

  beforeEach(() => {
    missing = new Map();
    outcome = { complete: true };
  });
  afterEach(() => scanning[Symbol.asyncDispose]());

  async function start(options: Partial<ScanningOptions>, ...images: readonly ListedImage[]): Promise<void> {
    listed = images;
    const source = scriptedSource(async (_request, found) => {
      if (outcome.complete) await found(listing("team/executor-ml", ...listed));
      return outcome;
    });
    const manifest = async (digest: Digest) => {
      const problem = missing.get(digest);
      if (problem) throw problem;
      return { digest } as Awaited<ReturnType<typeof unreadable.manifest>>;
    };
    const asked = { ...source, reader: () => ({ ...unreadable, manifest }) };
    scanning = await openScanning({ sources: [asked], interval: INTERVAL_MS, ...options });
    served = new ServedVersions(scanning.choices, pino({ level: "silent" }));
    await scan();
  }

  async function scan(...images: readonly ListedImage[]): Promise<void> {
    if (images.length > 0) listed = images;
    await scanning.scan();
    await served.settle();
  }

  const version = (): string | undefined => scanning.versions()["ml"];
  const condition = () => scanning.choices.view("ml")?.choice.condition?.code;
  const kinds = async () => {
    const { entries } = await scanning.catalogue.list({ limit: 100, type: "ml" });
    return entries.map(({ change }) => change.kind);
  };

  test("a list that misses it takes nothing away while the registry still has its digest; the answer says so", async () => {
    await start({ versions: [semver()] }, listedImage("a", "2.17.1"), listedImage("b", "2.17.2"));
    await scan(listedImage("a", "2.17.1"));
    assert.deepEqual([version(), condition()], ["2.17.2", "TagGone"]);
    assert.match(
      scanning.choices.snapshot.document("ml")?.warnings[0] ?? "",
      /^2\.17\.2 has no tag any more \(no tag names it any more\), and the best of the others, 2\.17\.1, is lower; it is held/,
    );
    await scan(listedImage("a", "2.17.1"), listedImage("b", "2.17.2"));
    assert.deepEqual([version(), condition()], ["2.17.2", undefined]);
  });

  test("that its digest is gone is believed when two looks an interval apart say so; then it goes down, and the journal says that", async () => {
    await start({ versions: [semver()] }, listedImage("a", "2.17.1"), listedImage("b", "2.17.2"));
    missing.set(digestOf("b"), notFound());
    await scan(listedImage("a", "2.17.1"));
    assert.equal(version(), "2.17.2");
    scanning.later(MINUTE_MS);
    await scan();
    assert.equal(version(), "2.17.2", "a minute later is too soon");
    scanning.later(INTERVAL_MS);
    await scan();
    assert.equal(version(), "2.17.1");
    const { entries } = await scanning.catalogue.list({ limit: 1, kind: "version-served" });
    assert.match(entries[0]?.reason ?? "", /^goes down from 2\.17\.2: /);
  });

  test("an error is no answer: while the registry refuses, nothing changes", async () => {
    await start({ versions: [{ name: "builds", kind: "numerical" }] }, listedImage("a", "6"), listedImage("b", "7"));
    missing.set(digestOf("b"), new ExecutorRegistryError("unauthorized", "the token has expired"));
    for (let look = 0; look < 3; look += 1) {
      await scan(listedImage("a", "6"));
      scanning.later(2 * INTERVAL_MS);
    }
    assert.equal(version(), "7");
    outcome = { complete: false, problem: new ExecutorRegistryError("unauthorized", "401") };
    await scan();
    assert.equal(version(), "7");
  });

  test("a higher version takes its place, and what no tag names any more is withdrawn then", async () => {
    await start({ versions: [semver()] }, listedImage("a", "1.0.0"), listedImage("b", "1.1.0"));
    await scan(listedImage("a", "1.0.0"));
    await scan(listedImage("a", "1.0.0"), listedImage("c", "1.2.0"));
    assert.deepEqual([version(), condition()], ["1.2.0", undefined]);
    await scan();
    const { withdrawn } =
      scanning.catalogue.type("ml")?.images.get("registry.test/team/executor-ml", digestOf("b")) ?? {};
    assert.equal(withdrawn?.reason, "no tag names it any more");
  });

  test("a policy that nothing matches keeps the last version, or refuses the type, as it says", async () => {
    await start({ versions: [semver("^2")] }, listedImage("a", "2.0.0"), listedImage("b", "2.1.0"));
    await scan(listedImage("b", "latest"));
    assert.deepEqual([version(), condition()], ["2.1.0", "NoMatch"]);
    await scanning[Symbol.asyncDispose]();
    await start({ versions: [{ ...semver("^2"), onEmpty: "refuse" }] }, listedImage("a", "2.0.0"));
    await scan(listedImage("a", "latest"));
    assert.equal(version(), undefined);
  });

  test("a type that never had a match is unknown, with the counts", async () => {
    await start({ versions: [semver("^3")] }, listedImage("a", "2.0.0"), listedImage("b", "main"));
    assert.equal(version(), undefined);
    assert.match(scanning.choices.view("ml")?.choice.evaluation?.reason ?? "", /2/);
  });

  test("a tag that is followed: the image that it names serves once it is admitted; until then the one before does", async () => {
    let passes = false;
    const check = {
      name: "signed",
      fingerprint: "f",
      judge: async ({ image: { digest } }: { image: { digest: Digest } }) =>
        passes || digest === digestOf("a")
          ? ({ state: "passed", reason: "signed" } as const)
          : ({ state: "failed", reason: "not signed" } as const),
    };
    const policy = { name: "stable", kind: "tag", tag: "stable" } as const;
    await start({ versions: [policy], checks: [check] }, listedImage("a", "stable"));
    await scan(listedImage("b", "stable"));
    assert.equal(scanning.choices.snapshot.document("ml")?.digest, digestOf("a"));
    assert.ok((await kinds()).includes("tag-moved"));
    passes = true;
    await scan(listedImage("c", "stable"));
    assert.equal(scanning.choices.snapshot.document("ml")?.digest, digestOf("c"));
    missing.clear();
    listed = [];
    await scan(listedImage("d", "other"));
    assert.deepEqual([scanning.choices.snapshot.document("ml")?.digest, condition()], [digestOf("c"), "TagGone"]);
  });

  test("onTagMoved: hold: a tag stays with the image that it named first, as long as that is there", async () => {
    await start(
      { versions: [{ ...semver(), onTagMoved: "hold" }] },
      listedImage("a", "1.0.0"),
      listedImage("b", "1.1.0"),
    );
    await scan(listedImage("a", "1.0.0"), listedImage("c", "1.1.0"));
    assert.equal(scanning.choices.snapshot.document("ml")?.digest, digestOf("b"));
    missing.set(digestOf("b"), notFound());
    await scan();
    scanning.later(2 * INTERVAL_MS);
    await scan();
    assert.equal(scanning.choices.snapshot.document("ml")?.digest, digestOf("c"));
  });
});
