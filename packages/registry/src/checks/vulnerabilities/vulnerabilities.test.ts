import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Digest, repositoryAt } from "@executor-registry/resolver";
import { HARBOR_ACCOUNT, type HarborDouble, startHarborDouble } from "../../../../../testing/harbor-double.ts";
import type { BlobDescriptor } from "../../../../../testing/images.ts";
import { type OddRegistry, startOddRegistry } from "../../../../../testing/odd-registry.ts";
import { makeSigningKey } from "../../../../../testing/sigstore.ts";
import { ReadSecret } from "../../settings/secret.ts";
import { attachStatements, readerOf, scanContext, SCANNED } from "./testing/scans.ts";
import { createVulnerabilityJudge, VulnerabilitySettings } from "./vulnerabilities.ts";

const PATH = "ml/executor-ml";
const INDEX = "application/vnd.oci.image.index.v1+json";
const found = { id: "CVE-2026-1", package: "openssl", version: "1.1", fix_version: "1.2", severity: "Critical" };

interface Held extends AsyncDisposable {
  readonly registry: OddRegistry;
  readonly harbor: HarborDouble;
  judge(digest: Digest, settings?: object): ReturnType<ReturnType<typeof createVulnerabilityJudge>>;
  scanned(digest: Digest, ...vulnerabilities: readonly object[]): void;
  index(...children: readonly object[]): BlobDescriptor;
}

async function open(signal: AbortSignal): Promise<Held> {
  const registry = await startOddRegistry();
  const harbor = await startHarborDouble();
  const { username, password } = HARBOR_ACCOUNT;
  const provider = {
    kind: "harbor",
    username,
    password: new ReadSecret({ text: password }),
    endpoint: harbor.endpoint,
  };
  return {
    registry,
    harbor,
    judge(digest, settings = {}) {
      const parsed = VulnerabilitySettings.parse({ provider, maxSeverity: "high", ...settings });
      const image = { repository: repositoryAt(registry.host, PATH), digest, tags: ["1.0.0"] };
      return createVulnerabilityJudge(parsed, scanContext())(image, readerOf(registry, PATH), signal);
    },
    scanned: (digest, ...vulnerabilities) =>
      harbor.set(`${PATH}@${digest}`, { status: "Success", report: { generated_at: SCANNED, vulnerabilities } }),
    index: (...manifests) => registry.manifest(PATH, "1.0.0", { schemaVersion: 2, mediaType: INDEX, manifests }),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await harbor[Symbol.asyncDispose]();
    },
  };
}

const platform = (architecture: string, os = "linux") => ({ platform: { os, architecture } });

describe("the check of vulnerabilities", () => {
  test("fails what has one that is too severe, and says by whom", async ({ signal }) => {
    await using held = await open(signal);
    const { digest } = held.registry.image(PATH, "1.0.0");
    held.scanned(digest, found);
    const { state, code, evidence } = await held.judge(digest);
    assert.deepEqual([state, code], ["failed", "vulnerable"]);
    assert.deepEqual([evidence?.["provider"], evidence?.["scanned"]], ["Harbor", SCANNED]);
    const allow = [{ id: "CVE-2026-1", reason: "not called", expires: "2027-01-01" }];
    assert.equal((await held.judge(digest, { allow })).state, "passed");
  });

  test("asks for every image of an index that may be run, and for no attestation", async ({ signal }) => {
    await using held = await open(signal);
    const image = (variant: string) =>
      held.registry.image(PATH, undefined, { config: { config: { Labels: { variant } } } });
    const [amd, arm, attestation] = [image("a"), image("b"), image("c")];
    const reference = { annotations: { "vnd.docker.reference.type": "attestation-manifest" } };
    const { digest } = held.index(
      { ...amd, ...platform("amd64") },
      { ...arm, ...platform("arm64") },
      { ...attestation, ...platform("unknown", "unknown"), ...reference },
    );
    held.scanned(digest);
    held.scanned(amd.digest);
    const waiting = await held.judge(digest);
    assert.deepEqual([waiting.state, waiting.code], ["pending", "scan-missing"]);
    assert.match(waiting.reason, /its image for linux\/arm64/);
    held.scanned(arm.digest);
    assert.equal((await held.judge(digest)).state, "passed");
    held.scanned(arm.digest, found);
    assert.equal((await held.judge(digest)).state, "failed");
    assert.ok(held.harbor.requests.every((path) => !path.includes(attestation.digest) && !path.includes(digest)));
  });

  test("takes no image for an attestation that a runtime may start", async ({ signal }) => {
    await using held = await open(signal);
    const image = held.registry.image(PATH, undefined);
    const reference = { annotations: { "vnd.docker.reference.type": "attestation-manifest" } };
    const { digest } = held.index({ ...image, ...platform("amd64"), ...reference });
    assert.equal((await held.judge(digest)).code, "scan-missing");
  });

  test("passes over no image of an index that calls itself something else, since some runtimes start it", async ({
    signal,
  }) => {
    await using held = await open(signal);
    const image = (variant: string) =>
      held.registry.image(PATH, undefined, { config: { config: { Labels: { variant } } } });
    const [scanned, hidden] = [image("a"), image("b")];
    const { digest } = held.index(
      { ...hidden, ...platform("amd64"), mediaType: "application/vnd.example.other+json" },
      { ...scanned, ...platform("amd64") },
    );
    held.scanned(scanned.digest);
    const { state, code, reason } = await held.judge(digest);
    assert.deepEqual([state, code], ["pending", "scan-missing"]);
    assert.match(reason, new RegExp(hidden.digest));
  });

  for (const [name, children, why] of [
    ["no image", () => [], /names no image/],
    ["another index", (held: Held) => [held.index()], /another index/],
    [
      "very many images",
      (held: Held) => Array.from({ length: 33 }, () => held.registry.image(PATH, undefined)),
      /33 images/,
    ],
  ] as const) {
    test(`passes no index with ${name}`, async ({ signal }) => {
      await using held = await open(signal);
      const judged = await held.judge(held.index(...children(held)).digest);
      assert.deepEqual([judged.state, judged.code], ["pending", "scan-unsupported"]);
      assert.match(judged.reason, why);
    });
  }

  test("excuses what those who may have stated, and nobody else", async ({ signal }) => {
    await using held = await open(signal);
    const { registry } = held;
    const image = registry.image(PATH, "1.0.0");
    held.scanned(image.digest, found);
    const key = makeSigningKey();
    const vex = { keys: [key.pem] };
    const state = async () => (await held.judge(image.digest, { vex })).state;
    const document = (status: string, more: object = {}) => ({
      "@context": "https://openvex.dev/ns/v0.2.0",
      timestamp: SCANNED,
      statements: [
        {
          vulnerability: { name: "CVE-2026-1" },
          products: [{ "@id": `pkg:oci/executor-ml@${image.digest}` }],
          status,
          justification: "vulnerable_code_not_present",
        },
      ],
      ...more,
    });
    const put = (predicate: unknown, by = key) => ({
      predicateType: "https://openvex.dev/ns",
      predicate,
      by: { key: by },
    });
    assert.equal(await state(), "failed");
    attachStatements(registry, PATH, image, put(document("not_affected"), makeSigningKey()));
    assert.equal(await state(), "failed", "by a stranger");
    attachStatements(registry, PATH, image, put(document("not_affected")));
    const { state: passed, evidence, reason } = await held.judge(image.digest, { vex });
    assert.equal(passed, "passed", reason);
    assert.match(evidence?.["excepted"] ?? "", /^CVE-2026-1 by VEX sha256:[0-9a-f]{16} \(statement 1\) of 2026-11-22/);
    assert.equal((await held.judge(image.digest)).state, "failed", "without vex in the policy");
    const affected = document("affected", { timestamp: "2026-11-22T11:00:00Z" });
    attachStatements(registry, PATH, image, put(document("not_affected")), put(affected));
    assert.equal(await state(), "failed", "a newer one says otherwise");
    attachStatements(registry, PATH, image, put(document("not_affected")), put({ "@context": "odd" }));
    assert.equal(await state(), "failed", "one cannot be understood");
    attachStatements(registry, PATH, image, put(document("not_affected")));
    registry.answerNext(/manifests\/sha256-[0-9a-f]+$/, { status: 503 }, Infinity);
    assert.equal(await state(), "failed", "they cannot be read");
  });

  test("waits for a scanner that is away, and for a registry", async ({ signal }) => {
    await using held = await open(signal);
    const { digest } = held.registry.image(PATH, "1.0.0");
    held.harbor.answerNext({ status: 502 });
    const away = await held.judge(digest);
    assert.deepEqual([away.state, away.code], ["pending", "registry-unavailable"]);
    held.harbor.answerNext({ status: 200, body: "clean" });
    assert.equal((await held.judge(digest)).code, "scan-failed");
    held.registry.answerNext(/manifests/, { status: 403 }, Infinity);
    assert.equal((await held.judge(digest)).code, "registry-unavailable");
  });

  test("refuses settings that would be passed over in silence", () => {
    const provider = { kind: "ecr" };
    for (const [settings, what] of [
      [{ provider, maxSeverity: "unknown" }, /maxSeverity/],
      [{ provider }, /maxSeverity/],
      [{ maxSeverity: "high" }, /provider/],
      [{ provider: { kind: "sarif" }, maxSeverity: "high" }, /provider/],
      [{ provider, maxSeverity: "high", vex: {} }, /who may sign/],
      [{ provider: { kind: "attached" }, maxSeverity: "high" }, /who may sign/],
      [{ provider, maxSeverity: "high", onlyFixed: true }, /onlyFixed/],
      [{ provider, maxSeverity: "high", allow: [{ id: "CVE-1", reason: "r" }] }, /expires/],
      [{ provider, maxSeverity: "high", allow: [{ id: "CVE-1", reason: "r", expires: "2026-02-30" }] }, /expires/],
    ] as const) {
      assert.throws(() => VulnerabilitySettings.parse(settings), what);
    }
  });
});
