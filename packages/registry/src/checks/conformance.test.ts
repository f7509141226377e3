import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { makeSigningKey } from "../../../../testing/sigstore.ts";
import type { Image } from "../model/image.ts";
import { ExecutorRegistryError, repositoryNamed } from "@executor-registry/resolver";
import type { RepositoryReader } from "../oci/read/repository-reader.ts";
import { type Check, fingerprintOf, type Judgement, type Subject } from "./check.ts";
import { makePolicies } from "./checks.ts";
import { CheckSettings } from "./settings.ts";

/** Every setting that changes what a check answers, and the check that it is of. */
const [pem, other] = [makeSigningKey().pem, makeSigningKey().pem];
const policy = (vulnerabilities: object = {}, signature: object = {}) => ({
  name: "all",
  vulnerabilities: { provider: { kind: "ecr" }, maxSeverity: "high", ...vulnerabilities },
  signature: { keys: [pem], ...signature },
});
const OF_IMAGES = {
  labels: { required: { tier: "*" } },
  platforms: { include: ["linux/amd64"] },
  age: { maxAge: "30d" },
  size: { max: "500Mi" },
  user: { nonRoot: true },
  baseImages: { allow: ["r.test/base/*"], trustLabels: true },
  expression: { rule: "image.user != ''" },
};
const ALL = { approvedNamespaces: ["**"], policies: [{ ...policy(), ...OF_IMAGES }] };
const otherwise = (settings: object) => ({ ...ALL, policies: [{ ...ALL.policies[0], ...settings }] });
const OTHERWISE = [
  ["approved-namespace", { ...ALL, approvedNamespaces: ["r.test/team/*"] }],
  ["vulnerabilities", otherwise(policy({ onlyFixable: true }))],
  ["signature", otherwise(policy({}, { keys: [other] }))],
  ["labels", otherwise({ labels: { required: { tier: "gold" } } })],
  ["platforms", otherwise({ platforms: { include: ["linux/arm64"] } })],
  ["age", otherwise({ age: { maxAge: "30d", unknown: "allow" } })],
  ["size", otherwise({ size: { max: "1Gi" } })],
  ["user", otherwise({ user: { nonRoot: true, mode: "warn" } })],
  ["base-images", otherwise({ baseImages: { allow: ["r.test/other/*"], trustLabels: true } })],
  ["expression", otherwise({ expression: { rule: "image.user != ''", messageExpression: "'no user'" } })],
] as const;

const IMAGES: readonly Image[] = [
  { repository: repositoryNamed("r.test/team/executor-ml"), digest: `sha256:${"a".repeat(64)}`, tags: ["1.0.0"] },
  {
    repository: repositoryNamed("r.test:5000/executor-ml"),
    digest: `sha512:${"b".repeat(128)}`,
    tags: ["latest"],
    pushed: "2026-11-01T08:00:00.000Z",
    details: {
      mediaType: "application/vnd.oci.image.index.v1+json",
      configType: "application/vnd.oci.image.config.v1+json",
      platforms: ["linux/amd64"],
      labels: { "executor-registry.dev/owner": "ml-team" },
    },
  },
  {
    repository: repositoryNamed("r.test/team/executor-ml"),
    digest: `sha256:${"c".repeat(64)}`,
    tags: ["cache"],
    details: { mediaType: "application/vnd.oci.image.manifest.v1+json", platforms: [], labels: {}, holdsImage: false },
  },
];

const made = (settings: unknown = ALL): readonly Check[] => makePolicies(CheckSettings.parse(settings)).of("ml").checks;
const checks = [
  ...made(),
  ...OTHERWISE.flatMap(([name, settings]) => made(settings).filter((one) => one.name === name)),
];
const away = (): Promise<never> => Promise.reject(new ExecutorRegistryError("unreachable", "the registry is away"));
const unreadable: RepositoryReader = { manifest: away, tagged: away, referrers: away, blob: away };
/** What throws is pending, with what it threw as the reason. */
const answerOf = (check: Check, subject: Subject, signal: AbortSignal): Promise<Judgement> =>
  check.judge(subject, signal).catch((error: unknown) => ({ state: "pending", reason: String(error) }));
const frozen = <T>(value: T): T => {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
};

for (const check of checks) {
  describe(`the check ${check.name}`, () => {
    test("has a name for its verdicts, and a fingerprint of its configuration", () => {
      assert.match(check.name, /^[a-z0-9]+(?:-[a-z0-9]+)*$/);
      assert.match(check.fingerprint, /^[\w-]{16}$/);
      assert.ok(
        check.lifetime === undefined || check.lifetime >= 60_000,
        "an hour of verdicts is written down at most 60 times",
      );
    });

    test("answers with a state and a reason in one line, the same each time, and changes nothing", async ({
      signal,
    }) => {
      for (const image of IMAGES) {
        const subject = frozen({ image: structuredClone(image), reader: { ...unreadable } });
        const judgement = await answerOf(check, subject, signal);
        assert.ok(["passed", "failed", "pending"].includes(judgement.state));
        assert.match(judgement.reason, /^\S.*\S$/u);
        const members = new Set(["code", "evidence", "expires", "reason", "state"]);
        assert.ok(
          Object.keys(judgement).every((member) => members.has(member)),
          "the verdict is made of it elsewhere",
        );
        for (const text of Object.values(judgement.evidence ?? {})) assert.ok(text.length <= 512);
        assert.deepEqual(await answerOf(check, subject, signal), judgement);
      }
    });

    test("passes or fails nothing for what it could not read", async ({ signal }) => {
      let asked = 0;
      const nothing = async (): Promise<never> => {
        asked += 1;
        throw new Error("the registry is away");
      };
      for (const image of IMAGES) {
        const reader = { manifest: nothing, tagged: nothing, referrers: nothing, blob: nothing };
        const state = await check.judge({ image, reader }, signal).then(
          (judgement) => judgement.state,
          () => "pending",
        );
        if (asked > 0) assert.equal(state, "pending");
      }
    });

    test("ends when its time has passed", async () => {
      const time = AbortSignal.timeout(1);
      const hanging = (signal: AbortSignal): Promise<never> =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      const reader: RepositoryReader = {
        manifest: (_, signal) => hanging(signal),
        tagged: (_, signal) => hanging(signal),
        referrers: (_, __, signal) => hanging(signal),
        blob: (_, __, signal) => hanging(signal),
      };
      await Promise.allSettled(IMAGES.map((image) => check.judge({ image, reader }, time)));
    });
  });
}

test("checks have names of their own, and the same settings make the same fingerprints", () => {
  const names = made().map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  const fingerprints = (list: readonly Check[]) => list.map(({ name, fingerprint }) => [name, fingerprint]);
  assert.deepEqual(fingerprints(made()), fingerprints(made()));
});

for (const [name, settings] of OTHERWISE) {
  test(`other settings of ${name} make another fingerprint of that check alone`, () => {
    const fingerprints = (list: readonly Check[]) => new Map(list.map((one) => [one.name, one.fingerprint]));
    const [before, after] = [fingerprints(made()), fingerprints(made(settings))];
    const changed = [...before].filter(([of, fingerprint]) => after.get(of) !== fingerprint).map(([of]) => of);
    assert.deepEqual(changed, [name]);
  });
}

test("fingerprints are the same in every process", () => {
  assert.equal(fingerprintOf(["r.test/**"], 1), "kDlDsqJnpkkBFpTk");
});
