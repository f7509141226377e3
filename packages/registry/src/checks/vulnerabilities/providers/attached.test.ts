import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type OddRegistry, startOddRegistry } from "../../../../../../testing/odd-registry.ts";
import { makeSigningKey } from "../../../../../../testing/sigstore.ts";
import { trustOf } from "../../signature/signers.ts";
import {
  attachStatements,
  digestOf,
  readerOf,
  reportedBy,
  SCANNED,
  targetOf,
  trivyReport,
  VULN,
  vulnPredicate,
} from "../testing/scans.ts";
import { createSignedScans } from "./attached.ts";

const PATH = "team/executor-ml";
const key = makeSigningKey();
const by = { key };
const provider = createSignedScans(trustOf({ keys: [key.pem], identities: [], transparencyLog: "optional" }));
const found = [{ VulnerabilityID: "CVE-2026-1", Severity: "HIGH" }];

function held(registry: OddRegistry) {
  const image = registry.image(PATH, "1.0.0");
  const target = targetOf(registry.host, PATH, { digest: image.digest, reader: readerOf(registry, PATH) });
  const of = { RepoDigests: [`r@${image.digest}`] };
  return { image, target, of };
}

describe("scans that are signed and attached", () => {
  test("are reports of the image, with the older of the two times", async ({ signal }) => {
    await using registry = await startOddRegistry();
    const { image, target, of } = held(registry);
    const predicate = vulnPredicate(trivyReport(of, found), "2026-11-23T00:00:00Z");
    attachStatements(registry, PATH, image, { predicateType: VULN, predicate, by });
    const { findings, finishedAt, provider: kind } = await reportedBy(provider, target, signal);
    assert.deepEqual([findings.length, finishedAt, kind], [1, SCANNED, "attached"]);
  });

  test("by somebody else, or of another type, are none", async ({ signal }) => {
    await using registry = await startOddRegistry();
    const { image, target, of } = held(registry);
    const predicate = vulnPredicate(trivyReport(of));
    const stranger = { key: makeSigningKey() };
    const statements = [
      { predicateType: VULN, predicate, by: stranger },
      { predicateType: "https://cyclonedx.org/bom", predicate: { bomFormat: "CycloneDX", vulnerabilities: [] }, by },
    ];
    attachStatements(registry, PATH, image, ...statements);
    assert.equal((await provider.reportsOf(target, signal)).state, "missing");
  });

  for (const [name, result, why] of [
    ["hold no result", null, /no report of a known format/],
    ["hold SARIF", { version: "2.1.0", runs: [] }, /no report of a known format/],
    ["hold a report of another image", trivyReport({ ImageID: digestOf("e") }), /a report of another image/],
  ] as const) {
    test(`that ${name} make the answer unknown`, async ({ signal }) => {
      await using registry = await startOddRegistry();
      const { image, target, of } = held(registry);
      const clean = { predicateType: VULN, predicate: vulnPredicate(trivyReport(of)), by };
      attachStatements(registry, PATH, image, clean, { ...clean, predicate: vulnPredicate(result) });
      await assert.rejects(provider.reportsOf(target, signal), why);
    });
  }

  test("are unknown where there may be newer ones among very many", async ({ signal }) => {
    await using registry = await startOddRegistry();
    const { image, target, of } = held(registry);
    const clean = { predicateType: VULN, predicate: vulnPredicate(trivyReport(of)), by };
    const junk = Array.from({ length: 51 }, (_, n) => ({ ...clean, predicate: { n }, by: { key: makeSigningKey() } }));
    attachStatements(registry, PATH, image, clean, ...junk);
    await assert.rejects(provider.reportsOf(target, signal), { code: "unreachable" });
  });
});
