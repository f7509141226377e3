import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Digest } from "@executor-registry/resolver";
import type { RepositoryReader } from "../../../oci/read/repository-reader.ts";
import { type OddRegistry, startOddRegistry } from "../../../../../../testing/odd-registry.ts";
import { attachReport, digestOf, readerOf, reportedBy, SCANNED, targetOf, trivyReport } from "../testing/scans.ts";
import { createAttachedScans } from "./trivy.ts";

const PATH = "team/executor-ml";
const provider = createAttachedScans(["application/json"]);

/** An index of two images, and what is asked about the first. */
function indexed(registry: OddRegistry) {
  const image = (variant: string) => registry.image(PATH, undefined, { config: { config: { Labels: { variant } } } });
  const [first, second] = [image("a"), image("b")];
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const index = registry.manifest(PATH, "1.0.0", { schemaVersion: 2, mediaType, manifests: [first, second] });
  const reader = readerOf(registry, PATH);
  const target = targetOf(registry.host, PATH, { digest: first.digest, image: index.digest, reader });
  return { first, second, index, target, reader };
}

async function configOf(reader: RepositoryReader, digest: Digest, signal: AbortSignal): Promise<Digest> {
  const manifest = await reader.manifest(digest, signal);
  return manifest.form === "image" ? manifest.config.digest : assert.fail();
}

describe("reports that refer to an image", () => {
  test("of an index are told apart by the configuration that they scanned", async ({ signal }) => {
    await using registry = await startOddRegistry();
    const { first, second, index, target, reader } = indexed(registry);
    const of = async (digest: Digest, id: string) => {
      const ImageID = await configOf(reader, digest, signal);
      return trivyReport({ ImageID, RepoDigests: [`r@${index.digest}`] }, [{ VulnerabilityID: id, Severity: "LOW" }]);
    };
    attachReport(registry, PATH, index, await of(first.digest, "CVE-1"), await of(second.digest, "CVE-2"));
    const { findings, digest } = await reportedBy(provider, target, signal);
    assert.deepEqual([digest, findings.map(({ id }) => id)], [first.digest, ["CVE-1"]]);
    const other = await reportedBy(provider, { ...target, digest: second.digest }, signal);
    assert.deepEqual(
      other.findings.map(({ id }) => id),
      ["CVE-2"],
    );
  });

  test("of an index that do not say which of its images they scanned are of none", async ({ signal }) => {
    await using registry = await startOddRegistry();
    const { index, target } = indexed(registry);
    attachReport(registry, PATH, index, trivyReport({ RepoDigests: [`r@${index.digest}`] }));
    assert.equal((await provider.reportsOf(target, signal)).state, "missing");
  });

  test("are all given, so that the newest can count", async ({ signal }) => {
    await using registry = await startOddRegistry();
    const image = registry.image(PATH, "1.0.0");
    const target = targetOf(registry.host, PATH, { digest: image.digest, reader: readerOf(registry, PATH) });
    const of = { RepoDigests: [`r@${image.digest}`] };
    attachReport(registry, PATH, image, trivyReport(of), trivyReport(of, [], "2026-11-21T00:00:00Z"), {
      bomFormat: "CycloneDX",
    });
    const answer = await provider.reportsOf(target, signal);
    assert.ok(answer.state === "reported");
    assert.deepEqual(
      answer.reports.map(({ finishedAt }) => finishedAt),
      [SCANNED, "2026-11-21T00:00:00.000Z"],
    );
  });

  for (const [name, report, why] of [
    ["of another image", trivyReport({ ImageID: digestOf("e") }), /report is of another image/],
    [
      "of an unknown release",
      { ...trivyReport({}), SchemaVersion: 3 },
      /not Trivy JSON as it should be: SchemaVersion/,
    ],
  ] as const) {
    test(`make the answer unknown where one is ${name}`, async ({ signal }) => {
      await using registry = await startOddRegistry();
      const image = registry.image(PATH, "1.0.0");
      const target = targetOf(registry.host, PATH, { digest: image.digest, reader: readerOf(registry, PATH) });
      attachReport(registry, PATH, image, trivyReport({ RepoDigests: [`r@${image.digest}`] }), report);
      await assert.rejects(provider.reportsOf(target, signal), why);
    });
  }

  test("are not looked through where there are very many", async ({ signal }) => {
    await using registry = await startOddRegistry();
    const image = registry.image(PATH, "1.0.0");
    const target = targetOf(registry.host, PATH, { digest: image.digest, reader: readerOf(registry, PATH) });
    attachReport(registry, PATH, image, ...Array.from({ length: 51 }, (_, n) => trivyReport({ n })));
    await assert.rejects(provider.reportsOf(target, signal), { code: "too-large" });
  });
});
