import assert from "node:assert/strict";
import { type Clock, type Digest, repositoryAt, silentLogger } from "@executor-registry/resolver";
import type { RepositoryReader } from "../../../oci/read/repository-reader.ts";
import type { BlobDescriptor } from "../../../../../../testing/images.ts";
import { envelopeBundle, envelopeSignature, type Signer, statement } from "../../../../../../testing/sigstore.ts";
import type { OddRegistry } from "../../../../../../testing/odd-registry.ts";
import { createRegistryClient } from "../../../oci/read/client.ts";
import { repositoryReader } from "../../../oci/read/repository-reader.ts";
import { unreadable } from "../../../testing/scripted-source.ts";
import type { ProviderContext, ReportProvider } from "../providers/provider.ts";
import type { ScanReport } from "../../../model/scan-report.ts";
import type { Target } from "../targets.ts";

export const SCANNED = "2026-11-22T10:00:00.000Z";
const NOW = Date.UTC(2026, 10, 23);

/** Waiting ends at once: retries take no time. */
function eagerClock(): Clock {
  let now = NOW;
  return {
    now: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
    },
  };
}

export const scanContext = (): ProviderContext => ({
  clock: eagerClock(),
  random: () => 0.5,
  log: silentLogger,
  postedReports: async () => [],
});

export const digestOf = (character: string): Digest => `sha256:${character.repeat(64)}`;

export const targetOf = (
  host: string,
  path: string,
  {
    digest = digestOf("a"),
    image = digest,
    reader = unreadable,
  }: { digest?: Digest; image?: Digest; reader?: RepositoryReader } = {},
): Target => ({ repository: repositoryAt(host, path), image, digest, reader });

/** The only report that a provider has. */
export async function reportedBy(provider: ReportProvider, target: Target, signal: AbortSignal): Promise<ScanReport> {
  const answer = await provider.reportsOf(target, signal);
  assert.equal(answer.state, "reported", JSON.stringify(answer));
  const [report, ...others] = answer.reports;
  assert.ok(report !== undefined && others.length === 0);
  return report;
}

/** Reads a repository of a registry that holds whatever it is given. */
export const readerOf = ({ host }: OddRegistry, path: string): RepositoryReader => {
  const client = createRegistryClient({ host, insecure: true, random: () => 0 });
  return repositoryReader(() => client, path);
};

/** A report in Trivy's JSON. */
export const trivyReport = (
  metadata: object,
  vulnerabilities: readonly object[] = [],
  createdAt = SCANNED,
): object => ({
  SchemaVersion: 2,
  CreatedAt: createdAt,
  ArtifactType: "container_image",
  Metadata: metadata,
  Results: [{ Target: "debian", Class: "os-pkgs", Type: "debian", Vulnerabilities: vulnerabilities }],
});

/** Puts JSON documents beside an image, under the tag that lists them; the last call's are those that are there. */
function attach(
  registry: OddRegistry,
  repository: string,
  subject: BlobDescriptor,
  artifactType: string,
  documents: readonly object[],
): void {
  const manifests = documents.map((document) => {
    const layer = registry.blob(repository, JSON.stringify(document), artifactType);
    const config = registry.blob(repository, "{}", "application/vnd.oci.empty.v1+json");
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = { schemaVersion: 2, mediaType, artifactType, config, layers: [layer], subject };
    return { ...registry.manifest(repository, undefined, manifest), artifactType };
  });
  const mediaType = "application/vnd.oci.image.index.v1+json";
  registry.manifest(repository, subject.digest.replace(":", "-"), { schemaVersion: 2, mediaType, manifests });
}

/** Attaches reports as `trivy referrer put` does. */
export const attachReport = (
  registry: OddRegistry,
  repository: string,
  subject: BlobDescriptor,
  ...reports: readonly object[]
): void => attach(registry, repository, subject, "application/json", reports);

/** What somebody states about an image. */
interface Stated {
  readonly predicateType: string;
  readonly predicate: unknown;
  readonly by: Signer;
}

/** Attaches statements as `cosign attest` does. */
export function attachStatements(
  registry: OddRegistry,
  repository: string,
  subject: BlobDescriptor,
  ...statements: readonly Stated[]
): void {
  const bundles = statements.map(({ by, ...stated }) => {
    const payload = statement(subject.digest, stated);
    return envelopeBundle(payload, envelopeSignature(payload, by), by);
  });
  attach(registry, repository, subject, "application/vnd.dev.sigstore.bundle.v0.3+json", bundles);
}

/** cosign's predicate around a report. */
export const vulnPredicate = (result: unknown, finished = SCANNED): object => ({
  scanner: { uri: "pkg:github/aquasecurity/trivy@0.57.0", version: "0.57.0", db: {}, result },
  metadata: { scanStartedOn: finished, scanFinishedOn: finished },
});
export const VULN = "https://cosign.sigstore.dev/attestation/vuln/v1";
