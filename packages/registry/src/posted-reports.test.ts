import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { pino } from "pino";
import { type OddRegistry, startOddRegistry } from "../../../testing/odd-registry.ts";
import { trivyReport } from "./checks/vulnerabilities/testing/scans.ts";
import { parseConfig } from "./config/parse-config.ts";
import { type Service, startService } from "./supervisor/service.ts";

const PATH = "team/executor-ml";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

interface Held extends AsyncDisposable {
  readonly registry: OddRegistry;
  readonly service: Service;
  post(digest: string, report: unknown, token?: string): Promise<{ readonly status: number; readonly detail?: string }>;
  /** The version that is answered, once there is one. */
  version(): Promise<string>;
  /** The verdict of the check about an image, once it is of this kind. */
  judged(digest: string, code: string | undefined): Promise<string>;
}

async function open(): Promise<Held> {
  const registry = await startOddRegistry();
  const tokens = [
    { name: "ci", role: "operator", sha256: sha256("ci") },
    { name: "jobs", role: "dispatcher", sha256: sha256("jobs") },
  ];
  const vulnerabilities = { provider: { kind: "posted" }, maxSeverity: "medium" };
  const config = {
    listen: { host: "127.0.0.1", port: 0 },
    sources: [{ name: "a", kind: "oci", host: registry.host, insecure: true, repositories: ["team/*"] }],
    checks: { approvedNamespaces: ["**"], policies: [{ name: "all", vulnerabilities }] },
    auth: { tokens },
  };
  const service = await startService({
    config: parseConfig(JSON.stringify(config), "test.yaml"),
    log: pino({ level: "silent" }),
  });
  return {
    registry,
    service,
    async post(digest, report, token = "ci") {
      const body = typeof report === "string" ? report : JSON.stringify(report);
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const url = `${service.url}/executors/ml/versions/${digest}/report`;
      const response = await fetch(url, { method: "POST", body, headers });
      return { status: response.status, ...((await response.json()) as object) };
    },
    async version() {
      for (;;) {
        const response = await fetch(`${service.url}/executors/ml`);
        const document = (await response.json()) as { readonly digest: string };
        if (response.ok) return document.digest;
      }
    },
    async judged(digest, code) {
      for (;;) {
        const page = (await (await fetch(`${service.url}/executors/ml/versions`)).json()) as Versions;
        const verdicts = page.versions?.find((one) => one.digest === digest)?.verdicts ?? [];
        const verdict = verdicts.find(({ check }) => check === "vulnerabilities");
        if (verdict !== undefined && verdict.code === code) return verdict.state;
      }
    },
    async [Symbol.asyncDispose]() {
      await service.close();
      await registry[Symbol.asyncDispose]();
    },
  };
}

interface Versions {
  readonly versions?: readonly {
    readonly digest: string;
    readonly verdicts: readonly { readonly check: string; readonly state: string; readonly code?: string }[];
  }[];
}

const found = { VulnerabilityID: "CVE-2026-1", PkgName: "openssl", Severity: "CRITICAL" };
const of = (digest: string): object => ({ RepoDigests: [`r@${digest}`] });

describe("a report that a build posts", { timeout: 60_000 }, () => {
  test("makes its image a version, and a worse one takes that back; both are in the journal", async () => {
    await using held = await open();
    const { digest } = held.registry.image(PATH, "1.0.0");
    await fetch(`${held.service.url}/executors/refresh?wait=true`, {
      method: "POST",
      headers: { authorization: "Bearer ci" },
    });
    assert.equal(await held.judged(digest, "scan-missing"), "pending");

    const taken = await held.post(digest, trivyReport(of(digest), [], minutesAgo(3)));
    assert.equal(taken.status, 202, taken.detail);
    assert.equal(await held.version(), digest);

    assert.equal((await held.post(digest, trivyReport(of(digest), [found], minutesAgo(2)))).status, 202);
    assert.equal(await held.judged(digest, "vulnerable"), "failed");
    // What was clean earlier does not outvote it.
    assert.equal((await held.post(digest, trivyReport(of(digest), [], minutesAgo(9)))).status, 202);
    const url = `${held.service.url}/journal?kind=report-received`;
    const { entries } = (await (await fetch(url)).json()) as { entries: readonly { actor: string; reason: string }[] };
    assert.deepEqual(
      entries.map(({ actor }) => actor),
      ["token:ci", "token:ci", "token:ci"],
    );
    assert.match(entries[0]?.reason ?? "", /^a scan by Trivy of .* was posted$/);
    assert.equal(await held.judged(digest, "vulnerable"), "failed");
  });

  test("is refused where it is of another image, of the future, of no format, or of somebody without the role", async () => {
    await using held = await open();
    const { digest } = held.registry.image(PATH, "1.0.0");
    const other = held.registry.image("team/executor-nlp", "1.0.0", { config: { config: { Labels: { a: "b" } } } });
    await fetch(`${held.service.url}/executors/refresh?wait=true`, {
      method: "POST",
      headers: { authorization: "Bearer ci" },
    });
    const clean = trivyReport(of(digest), [], minutesAgo(1));
    for (const [name, asked, report, token, status, detail] of [
      ["another image", digest, trivyReport(of(other.digest), [], minutesAgo(1)), "ci", 400, /is not of sha256:/],
      [
        "an ID that is not its own",
        digest,
        trivyReport({ ...of(digest), ImageID: other.digest }, [], minutesAgo(1)),
        "ci",
        400,
        /is not of/,
      ],
      ["nothing", digest, trivyReport({}, [], minutesAgo(1)), "ci", 400, /is not of/],
      ["the future", digest, trivyReport(of(digest), [], minutesAgo(-60)), "ci", 400, /ended in the future/],
      ["an SBOM", digest, { bomFormat: "CycloneDX" }, "ci", 400, /known format/],
      ["no JSON", digest, "clean", "ci", 400, /not JSON/],
      ["an image of another type", other.digest, clean, "ci", 404, /has no image/],
      ["no digest", "latest", clean, "ci", 400, /expected a digest/],
      ["a dispatcher", digest, clean, "jobs", 403, /operator/],
      ["a stranger", digest, clean, "x", 401, /token/],
      ["very much", digest, `{"a":"${"x".repeat(11 << 20)}"}`, "ci", 413, /./],
    ] as const) {
      const answer = await held.post(asked, report, token);
      assert.equal(answer.status, status, `${name}: ${answer.detail}`);
      assert.match(answer.detail ?? "", detail, name);
    }
    assert.equal(await held.judged(digest, "scan-missing"), "pending");
  });

  test("of very many findings is kept by its worst", async () => {
    await using held = await open();
    const { digest } = held.registry.image(PATH, "1.0.0");
    await fetch(`${held.service.url}/executors/refresh?wait=true`, {
      method: "POST",
      headers: { authorization: "Bearer ci" },
    });
    const many = (severity: string) =>
      Array.from({ length: 3000 }, (_, n) => ({ ...found, VulnerabilityID: `CVE-2025-${n}`, Severity: severity }));
    assert.equal((await held.post(digest, trivyReport(of(digest), many("LOW"), minutesAgo(3)))).status, 202);
    assert.equal(await held.version(), digest);
    const worse = [...many("LOW"), ...many("HIGH")];
    assert.equal((await held.post(digest, trivyReport(of(digest), worse, minutesAgo(2)))).status, 202);
    assert.equal(await held.judged(digest, "vulnerable"), "failed");
  });
});
