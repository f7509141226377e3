import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryStore } from "@executor-registry/registry/internal";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { type Check, inMode, type Judgement } from "../checks/check.ts";
import { type ImagePolicies, type ImagePolicy, makePolicies } from "../checks/checks.ts";
import type { CheckMode, OnInvalid } from "../model/verdict.ts";
import { openScanning, type Scanning } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";
import { judged, passing } from "../testing/until-judged.ts";

const HOUR_MS = 3_600_000;

/** Two versions of one type, and one of another. */
const source = () =>
  scriptedSource(async (_request, found) => {
    await found(listing("team/executor-ml", listedImage("a", "1.0.0"), listedImage("b", "1.1.0")));
    await found(listing("team/executor-nlp", listedImage("c", "1.0.0")));
    return { complete: true };
  });

/** A check that answers what is put into `says`, by digest's first letter; else it passes. */
function scripted(name: string, more: Partial<Check> = {}) {
  const says = new Map<string, Judgement | Error>();
  const check: Check = {
    name,
    fingerprint: "first",
    ...more,
    async judge({ image: { digest } }) {
      const answer = says.get(digest.slice("sha256:".length)[0] ?? "") ?? says.get("*");
      if (answer instanceof Error) throw answer;
      return answer ?? { state: "passed", reason: "fine" };
    },
  };
  return { check, says };
}

const failing = { state: "failed", reason: "CVE-2026-1 is critical", code: "vulnerable" } as const;

const policiesOf = (of: (type: string) => Partial<ImagePolicy>, hash = "test"): ImagePolicies => ({
  hash,
  summary: ["as the test says"],
  of: (type) => ({ name: "test", checks: [], onInvalid: "fallback", deadlineMs: 24 * HOUR_MS, ...of(type) }),
});

const stateOf = ({ catalogue }: Scanning, type: string) =>
  [...(catalogue.type(type)?.images ?? [])].map(({ state, verdicts }) => [state, verdicts[0]?.code]);
const warnings = ({ choices }: Scanning, type: string) => choices.snapshot.document(type)?.warnings;

describe("policies by type", () => {
  test("each type's images pass its own policy; a type that no policy names has no version", async () => {
    const settings = { allow: ["registry.test/team/*"] };
    const policies = makePolicies({
      approvedNamespaces: [],
      policies: [{ name: "ml", types: ["m*"], namespaces: { ...settings, mode: "enforce" } }],
    });
    await using scanning = await openScanning({ sources: [source()], policies });
    await scanning.adopt();
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { ml: "1.1.0" });
    const [image] = scanning.catalogue.type("nlp")?.images ?? [];
    assert.equal(image?.state, "rejected");
    assert.match(image?.verdicts[0]?.reason ?? "", /^no policy names the type nlp; add it to the types of one/);
  });

  test("the first policy that names a type counts, and says what it does not say by the one that it extends", () => {
    const policies = makePolicies({
      approvedNamespaces: ["a/**"],
      policies: [
        { name: "strict", types: ["ml"], extends: "all", deadline: HOUR_MS },
        { name: "all", types: ["*"], onInvalid: "keep", namespaces: { allow: ["b/**"], mode: "warn" } },
      ],
    });
    const { checks, ...strict } = policies.of("ml");
    assert.deepEqual(strict, { name: "strict", onInvalid: "keep", deadlineMs: HOUR_MS });
    assert.deepEqual(
      checks.map(({ name, mode, fingerprint }) => [name, mode, fingerprint]),
      policies.of("nlp").checks.map(({ name, mode, fingerprint }) => [name, mode, fingerprint]),
    );
    assert.equal(checks[0]?.mode, "warn");
    assert.equal(policies.of("nlp").deadlineMs, 24 * HOUR_MS);
    assert.deepEqual(policies.summary, [
      "strict for ml: approved-namespace (warn), runnable",
      "all for *: approved-namespace (warn), runnable",
    ]);
  });

  test("another policy is written down with its hash, once", async () => {
    const kept = { ...memoryStore(), close: () => Promise.resolve() };
    const { check } = scripted("scan");
    for (const hash of ["one", "one", "two"]) {
      const policies = policiesOf(() => ({ checks: [check] }), hash);
      await using scanning = await openScanning({ sources: [source()], policies, store: kept });
      await scanning.adopt();
    }
    await using scanning = await openScanning({ sources: [source()], store: kept });
    const { entries } = await scanning.catalogue.list({ kind: "policy-changed", limit: 10 });
    assert.deepEqual(
      entries.map(({ change }) => change),
      [
        { kind: "policy-changed", hash: "two" },
        { kind: "policy-changed", hash: "one" },
      ],
    );
  });
});

describe("a check that only warns", () => {
  test("keeps no image out: the version is not validated, and is answered with a warning", async () => {
    const mode: CheckMode = "warn";
    const { check, says } = scripted("scan");
    says.set("b", failing);
    const policies = policiesOf(() => ({ checks: [inMode(check, mode)] }));
    await using scanning = await openScanning({ sources: [source()], policies });
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { ml: "1.1.0", nlp: "1.0.0" });
    const document = scanning.choices.snapshot.document("ml");
    assert.deepEqual(
      [document?.validated, document?.warnings],
      [false, ["the check scan does not pass, and its policy only warns: CVE-2026-1 is critical"]],
    );
  });
});

describe("a check that cannot answer any more", () => {
  async function expired(
    answer: Judgement | Error,
    work: (
      scanning: Scanning,
      forward: (ms: number) => Promise<void>,
      says: Map<string, Judgement | Error>,
    ) => Promise<void>,
  ) {
    const clock = manualClock();
    const { check, says } = scripted("scan", { lifetime: HOUR_MS });
    const policies = policiesOf(() => ({ checks: [check], deadlineMs: 2 * HOUR_MS }));
    await using scanning = await openScanning({ sources: [source()], policies, clock });
    await passing(clock, scanning.scan());
    const running = scanning.judging.run();
    await clock.nextSleep();
    says.set("*", answer);
    const forward = async (ms: number): Promise<void> => {
      for (let done = 0; done < ms; done += 900_000) {
        await clock.advance(900_000);
        await judged(scanning);
      }
    };
    await work(scanning, forward, says);
    await scanning.judging.close();
    await running;
  }

  for (const [what, answer] of [
    ["is away", new Error("503")],
    ["scans anew", { state: "pending", reason: "a scan is under way", code: "scan-pending" }],
  ] as const) {
    test(`what passed stands after its time while the scanner ${what}, fails at the deadline, and is back as soon as it passes`, async () => {
      await expired(answer, async (scanning, forward, says) => {
        await forward(2 * HOUR_MS);
        assert.deepEqual(scanning.versions(), { ml: "1.1.0", nlp: "1.0.0" });
        await forward(2 * HOUR_MS);
        assert.deepEqual(scanning.versions(), {});
        assert.deepEqual(stateOf(scanning, "nlp"), [["rejected", "deadline"]]);
        says.clear();
        await forward(HOUR_MS);
        assert.deepEqual(scanning.versions(), { ml: "1.1.0", nlp: "1.0.0" });
      });
    });
  }

  test("an image that was never judged waits, and fails at the deadline", async () => {
    const clock = manualClock();
    const { check, says } = scripted("scan");
    says.set("*", { state: "pending", reason: "there is no report yet", code: "scan-missing" });
    const policies = policiesOf(() => ({ checks: [check], deadlineMs: HOUR_MS }));
    await using scanning = await openScanning({ sources: [source()], policies, clock });
    await passing(clock, scanning.scan());
    assert.deepEqual(stateOf(scanning, "nlp"), [["pending", "scan-missing"]]);
    const running = scanning.judging.run();
    await clock.nextSleep();
    for (let n = 0; n < 6; n += 1) {
      await clock.advance(900_000);
      await judged(scanning);
    }
    assert.deepEqual(stateOf(scanning, "nlp"), [["rejected", "deadline"]]);
    const [image] = scanning.catalogue.type("nlp")?.images ?? [];
    assert.match(image?.verdicts[0]?.reason ?? "", /^it could not be judged since .*Z: there is no report yet$/);
    await scanning.judging.close();
    await running;
  });

  test("with other settings, what passed before stands while the scanner is away, and not when it has no answer yet", async () => {
    const kept = { ...memoryStore(), close: () => Promise.resolve() };
    const policies = (check: Check) => policiesOf(() => ({ checks: [check] }), check.fingerprint);
    {
      await using scanning = await openScanning({
        sources: [source()],
        policies: policies(scripted("scan").check),
        store: kept,
      });
      await scanning.scan();
    }
    const { check, says } = scripted("scan", { fingerprint: "second" });
    says.set("c", new Error("503"));
    says.set("a", { state: "pending", reason: "the registry does not answer", code: "registry-unavailable" });
    says.set("*", { state: "pending", reason: "there is no report yet", code: "scan-missing" });
    await using scanning = await openScanning({ sources: [source()], policies: policies(check), store: kept });
    await scanning.adopt();
    assert.deepEqual(scanning.versions(), { ml: "1.0.0", nlp: "1.0.0" });
    const [image] = scanning.catalogue.type("nlp")?.images ?? [];
    assert.deepEqual(
      [image?.verdicts[0]?.fingerprint, image?.verdicts[0]?.since !== undefined],
      ["first", true],
      "it is known which settings it passed, and since when the others could not be asked",
    );
  });
});

describe("a check that judges by tags", () => {
  test("answers again when they change; away meanwhile, what it said stands until it is not", async () => {
    let tags = ["1.0.0"];
    const tagged = scriptedSource(async (_request, found) => {
      await found(listing("team/executor-ml", listedImage("a", ...tags)));
      return { complete: true };
    });
    let away = false;
    const check: Check = {
      name: "expression",
      fingerprint: "first",
      byTags: true,
      async judge({ image }) {
        if (away) throw new Error("the registry is away");
        const held = image.tags.includes("held");
        return held ? { state: "failed", reason: "it is held back" } : { state: "passed", reason: "it is not held" };
      },
    };
    const clock = manualClock();
    await using scanning = await openScanning({
      sources: [tagged],
      policies: policiesOf(() => ({ checks: [check] })),
      clock,
    });
    await passing(clock, scanning.scan());
    assert.deepEqual(scanning.versions(), { ml: "1.0.0" });
    tags = ["1.0.0", "held"];
    await passing(clock, scanning.scan());
    assert.deepEqual(scanning.versions(), {});
    tags = ["1.0.0"];
    await passing(clock, scanning.scan());
    assert.deepEqual(scanning.versions(), { ml: "1.0.0" });
    [away, tags] = [true, ["1.0.0", "held"]];
    await passing(clock, scanning.scan());
    assert.deepEqual(scanning.versions(), { ml: "1.0.0" }, "it could not be asked");
    away = false;
    await passing(clock, scanning.adopt());
    assert.deepEqual(scanning.versions(), {});
  });
});

describe("a version that fails as it is judged again", () => {
  async function failed(onInvalid: OnInvalid, letters: string, work: (scanning: Scanning) => Promise<void> | void) {
    const kept = { ...memoryStore(), close: () => Promise.resolve() };
    const { check, says } = scripted("scan");
    const start = (hash: string) => {
      const again = { ...check, fingerprint: hash };
      return openScanning({
        sources: [source()],
        policies: policiesOf(() => ({ checks: [again], onInvalid }), hash),
        store: kept,
      });
    };
    {
      await using scanning = await start("first");
      await scanning.scan();
      assert.deepEqual(scanning.versions(), { ml: "1.1.0", nlp: "1.0.0" });
    }
    for (const letter of letters) says.set(letter, failing);
    await using scanning = await start("second");
    await scanning.adopt();
    await work(scanning);
  }

  test("fallback: the best that passes is the version; without one there is no version", async () => {
    await failed("fallback", "bc", (scanning) => {
      assert.deepEqual(scanning.versions(), { ml: "1.0.0" });
      assert.deepEqual(warnings(scanning, "ml"), ["a newer image, 1.1.0, is rejected: CVE-2026-1 is critical"]);
    });
  });

  test("keep: the last good one is kept with a warning as long as no other passes", async () => {
    await failed("keep", "bc", (scanning) => {
      assert.deepEqual(scanning.versions(), { ml: "1.0.0", nlp: "1.0.0" });
      const document = scanning.choices.snapshot.document("nlp");
      assert.deepEqual(
        [document?.validated, document?.warnings],
        [
          false,
          ["the check scan does not pass, and it is kept, since no other version passes: CVE-2026-1 is critical"],
        ],
      );
    });
  });

  test("keep: of several the best", async () => {
    await failed("keep", "ab", (scanning) => assert.equal(scanning.versions()["ml"], "1.1.0"));
  });

  test("refuse: the type has no version, though an older one passes; what fails below the version changes nothing", async () => {
    await failed("refuse", "b", (scanning) => assert.deepEqual(scanning.versions(), { nlp: "1.0.0" }));
    await failed("refuse", "a", (scanning) => assert.deepEqual(scanning.versions(), { ml: "1.1.0", nlp: "1.0.0" }));
  });
});
