import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import { startArtifactAnalysisDouble } from "../../../../../../testing/artifact-analysis-double.ts";
import { ECR_CREDENTIALS, startEcrDouble } from "../../../../../../testing/ecr-double.ts";
import { HARBOR_ACCOUNT, startHarborDouble } from "../../../../../../testing/harbor-double.ts";
import { startOddRegistry } from "../../../../../../testing/odd-registry.ts";
import { makeSigningKey } from "../../../../../../testing/sigstore.ts";
import type { Canned } from "../../../../../../testing/registry-proxy.ts";
import { trustOf } from "../../signature/signers.ts";
import { createSignedScans } from "./attached.ts";
import type { Target } from "../targets.ts";
import {
  attachReport,
  attachStatements,
  VULN,
  vulnPredicate,
  readerOf,
  reportedBy,
  scanContext,
  SCANNED,
  targetOf,
  trivyReport,
} from "../testing/scans.ts";
import { createArtifactAnalysis } from "./artifact-analysis.ts";
import { createEcrScans } from "./ecr.ts";
import { createHarborScans } from "./harbor.ts";
import type { ReportProvider } from "./provider.ts";
import { PROVIDERS } from "./providers.ts";
import type { ScanReport } from "../../../model/scan-report.ts";
import { parseScan } from "../formats/formats.ts";
import { createPostedScans } from "./posted.ts";
import { createAttachedScans } from "./trivy.ts";

/** A provider that may be asked about one image. */
interface Held extends AsyncDisposable {
  readonly provider: ReportProvider;
  readonly target: Target;
  /** From now on it has a scan of it, with one finding of such a severity, or none. */
  scanned(severity?: string): void;
  /** From now on all that it is asked is answered so. */
  spoil(answer: Canned): void;
}

const KINDS: Readonly<Record<string, () => Promise<Held>>> = {
  async ecr() {
    const double = await startEcrDouble();
    const target = targetOf("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "team/executor-ml");
    return {
      provider: createEcrScans({ ...scanContext(), endpoint: double.endpoint, credentials: ECR_CREDENTIALS }),
      target,
      scanned: (severity) =>
        double.scan("team/executor-ml", target.digest, {
          status: "COMPLETE",
          completedAt: new Date(SCANNED),
          findings: severity === undefined ? [] : [{ name: "CVE-2026-1", severity }],
        }),
      spoil: (answer) =>
        double.failNext("DescribeImageScanFindings", { type: "", ...answer, body: String(answer.body) }, Infinity),
      [Symbol.asyncDispose]: () => double[Symbol.asyncDispose](),
    };
  },
  async "artifact-analysis"() {
    const double = await startArtifactAnalysisDouble();
    const target = targetOf("europe-docker.pkg.dev", "acme/images/executor-ml");
    const { endpoint } = double;
    const status = { analysisStatus: "FINISHED_SUCCESS", continuousAnalysis: "ACTIVE", lastScanTime: SCANNED };
    const noteName = "projects/goog-vulnz/notes/CVE-2026-1";
    return {
      provider: createArtifactAnalysis({ ...scanContext(), endpoint, token: async () => double.token }),
      target,
      scanned: (effectiveSeverity) =>
        double.set(`https://${target.repository.name}@${target.digest}`, [
          { kind: "DISCOVERY", discovery: status },
          ...(effectiveSeverity === undefined
            ? []
            : [{ kind: "VULNERABILITY", noteName, vulnerability: { effectiveSeverity } }]),
        ]),
      spoil: (answer) => double.answerNext(answer, 100),
      [Symbol.asyncDispose]: () => double[Symbol.asyncDispose](),
    };
  },
  async harbor() {
    const double = await startHarborDouble();
    const target = targetOf("harbor.test", "ml/executor-ml");
    const artifact = `${target.repository.path}@${target.digest}`;
    double.set(artifact, {});
    return {
      provider: createHarborScans({ ...HARBOR_ACCOUNT, endpoint: double.endpoint }),
      target,
      scanned(severity) {
        const vulnerabilities = severity === undefined ? [] : [{ id: "CVE-2026-1", package: "bash", severity }];
        double.set(artifact, { status: "Success", report: { generated_at: SCANNED, vulnerabilities } });
      },
      spoil: (answer) => double.answerNext(answer, 100),
      [Symbol.asyncDispose]: () => double[Symbol.asyncDispose](),
    };
  },
  async attached() {
    const registry = await startOddRegistry();
    const image = registry.image("team/executor-ml", "1.0.0");
    const key = makeSigningKey();
    const trust = trustOf({ keys: [key.pem], identities: [], transparencyLog: "optional" });
    return {
      provider: createSignedScans(trust),
      target: targetOf(registry.host, "team/executor-ml", {
        digest: image.digest,
        reader: readerOf(registry, "team/executor-ml"),
      }),
      scanned(severity) {
        const found = severity === undefined ? [] : [{ VulnerabilityID: "CVE-2026-1", Severity: severity }];
        const predicate = vulnPredicate(trivyReport({ RepoDigests: [`r@${image.digest}`] }, found));
        attachStatements(registry, "team/executor-ml", image, { predicateType: VULN, predicate, by: { key } });
      },
      spoil: (answer) => registry.answerNext(/./, answer, Infinity),
      [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
    };
  },
  async posted() {
    const target = targetOf("r.test", "team/executor-ml");
    let read = async (): Promise<readonly ScanReport[]> => [];
    return {
      provider: createPostedScans({ postedReports: () => read() }),
      target,
      scanned(severity) {
        const found = severity === undefined ? [] : [{ VulnerabilityID: "CVE-2026-1", Severity: severity }];
        const { report } =
          parseScan(Buffer.from(JSON.stringify(trivyReport({}, found))), { host: "the body" }) ?? assert.fail();
        read = async () => [{ ...report, digest: target.digest, provider: "posted" }];
      },
      // Nobody is asked but the journal, whose entries are verified.
      spoil: () => void (read = () => Promise.reject(new ExecutorRegistryError("internal", "the store is away"))),
      [Symbol.asyncDispose]: async () => {},
    };
  },
  async trivy() {
    const registry = await startOddRegistry();
    const image = registry.image("team/executor-ml", "1.0.0");
    return {
      provider: createAttachedScans(["application/json"]),
      target: targetOf(registry.host, "team/executor-ml", {
        digest: image.digest,
        reader: readerOf(registry, "team/executor-ml"),
      }),
      scanned(severity) {
        const found = severity === undefined ? [] : [{ VulnerabilityID: "CVE-2026-1", Severity: severity }];
        attachReport(registry, "team/executor-ml", image, trivyReport({ RepoDigests: [`r@${image.digest}`] }, found));
      },
      spoil: (answer) => registry.answerNext(/./, answer, Infinity),
      [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
    };
  },
};

test("every provider is held to the suite", () => {
  const kinds = PROVIDERS.schema.options.map(({ shape }) => shape.kind.value);
  assert.deepEqual(Object.keys(KINDS).sort(), kinds.sort());
});

for (const [kind, open] of Object.entries(KINDS)) {
  describe(`the provider ${kind}`, () => {
    test("says that it has no scan, and gives the report as soon as it has one", async ({ signal }) => {
      await using held = await open();
      const { provider, target } = held;
      assert.equal(provider.kind, kind);
      const none = await provider.reportsOf(target, signal);
      assert.equal(none.state, "missing");
      held.scanned();
      const { digest, finishedAt, findings, partial, suppressed } = await reportedBy(provider, target, signal);
      assert.deepEqual([digest, new Date(finishedAt).toISOString()], [target.digest, finishedAt]);
      assert.deepEqual([findings, partial, suppressed], [[], undefined, []]);
    });

    test("leaves out no severity that it does not know", async ({ signal }) => {
      await using held = await open();
      for (const word of ["Cataclysmic", "", "__proto__", "constructor"]) {
        held.scanned(word);
        const { findings } = await reportedBy(held.provider, held.target, signal);
        assert.deepEqual(
          findings.map(({ id, severity }) => [id, severity]),
          [["CVE-2026-1", "unknown"]],
        );
      }
    });

    for (const [name, answer] of [
      ["fails", { status: 503, body: "{}" }],
      ["refuses", { status: 403, body: '{"__type":"AccessDeniedException"}' }],
      ["limits", { status: 429, body: "" }],
      ["answers with a page", { status: 200, body: "<html>clean</html>" }],
      ["answers with nothing", { status: 200, body: "" }],
      ["answers with an empty object", { status: 200, body: "{}" }],
      ["answers with null", { status: 200, body: "null" }],
      ["answers with a list", { status: 200, body: "[]" }],
      [
        "answers with half of it",
        { status: 200, body: '{"imageScanStatus":{"status":"COMPLETE"},"imageScanFindings":{"find' },
      ],
      [
        "answers with other types",
        { status: 200, body: '{"imageScanStatus":{"status":7},"occurrences":{"a":1},"scan_overview":[]}' },
      ],
      ["answers with 17 MiB", { status: 200, body: `{"a":"${"x".repeat(17 << 20)}"}` }],
      ["answers elsewhere", { status: 302, headers: { location: "http://127.0.0.1:1/" }, body: "" }],
    ] as const satisfies readonly (readonly [string, Canned])[]) {
      test(`lets nothing pass when it ${name}`, async ({ signal }) => {
        await using held = await open();
        held.scanned();
        held.spoil({ headers: { "content-type": "application/json" }, ...answer });
        const said = await held.provider.reportsOf(held.target, signal).catch((error: unknown) => error);
        if (said instanceof Error) assert.ok(said instanceof ExecutorRegistryError, String(said.stack));
        else assert.notEqual((said as { state: string }).state, "reported");
      });
    }

    test("ends with its signal", async () => {
      await using held = await open();
      held.scanned();
      await assert.rejects(held.provider.reportsOf(held.target, AbortSignal.abort(new Error("enough"))), /enough/);
    });
  });
}
