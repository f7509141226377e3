import assert from "node:assert/strict";
import { sign } from "node:crypto";
import { describe, test } from "node:test";
import type { BlobDescriptor } from "../../../../testing/images.ts";
import { type OddRegistry, startOddRegistry } from "../../../../testing/odd-registry.ts";
import { makeSigningKey, simplePayload } from "../../../../testing/sigstore.ts";
import { attachReport, trivyReport } from "../checks/vulnerabilities/testing/scans.ts";
import { type AttackedService, attackedService } from "../testing/attacked-service.ts";

const NAME = "ml-team/executor-ml";
const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const amd64 = { platform: { os: "linux", architecture: "amd64" } };
const arm64 = { platform: { os: "linux", architecture: "arm64" } };
const soon = "2099-01-01T00:00:00Z";

const key = makeSigningKey();
const minuteAgo = (): string => new Date(Date.now() - 60_000).toISOString();
const critical = { VulnerabilityID: "CVE-2026-1", PkgName: "openssl", Severity: "CRITICAL" };
const ofImage = ({ digest }: BlobDescriptor): object => ({ RepoDigests: [`r@${digest}`] });

const other = (registry: OddRegistry, name: string, tag?: string): BlobDescriptor =>
  registry.image(NAME, tag, { config: { created: soon, config: { Labels: { name } } } });
const index = (registry: OddRegistry, tag: string | undefined, ...manifests: readonly object[]): BlobDescriptor =>
  registry.manifest(NAME, tag, { schemaVersion: 2, mediaType: INDEX, manifests });

/** Signs as cosign does, and puts the signature under the tag of an image: its own, unless a lie is told. */
function signImage(registry: OddRegistry, signed: string, under = signed): void {
  const payload = simplePayload(signed);
  const signature = sign("sha256", payload, key.privateKey).toString("base64");
  const layer = {
    ...registry.blob(NAME, payload, "application/vnd.dev.cosign.simplesigning.v1+json"),
    annotations: { "dev.cosignproject.cosign/signature": signature },
  };
  const config = registry.blob(NAME, "{}", "application/vnd.oci.image.config.v1+json");
  const manifest = { schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] };
  registry.manifest(NAME, `${under.replace(":", "-")}.sig`, manifest);
}

const serve = (registry: OddRegistry, checks: object): Promise<AttackedService> =>
  attackedService(
    {
      sources: [{ name: "main", kind: "oci", host: registry.host, insecure: true, repositories: ["**"] }],
      checks: { approvedNamespaces: [`${registry.host}/ml-team/*`], policies: [{ name: "all", ...checks }] },
    },
    {},
    { RELEASE_KEY: key.pem },
  );

describe("an adversary who may push into an approved repository, without the key", () => {
  test("gets nothing served by a signature of something else", async () => {
    await using registry = await startOddRegistry();
    const good = registry.image(NAME, "1.0.0");
    signImage(registry, good.digest);
    await using attacked = await serve(registry, { signature: { keys: [{ env: "RELEASE_KEY" }] } });
    await attacked.serves("ml", good.digest);

    const child = other(registry, "child");
    signImage(registry, child.digest);
    const attacks: Record<string, { readonly digest: string; readonly why: RegExp }> = {};
    const plain = other(registry, "plain", "9.0.0");
    attacks["no signature"] = { digest: plain.digest, why: /^unsigned: / };
    const lifted = other(registry, "lifted", "9.1.0");
    signImage(registry, good.digest, lifted.digest);
    attacks["the signature of another image"] = { digest: lifted.digest, why: /^claim-mismatch: / };
    const parent = index(registry, "9.2.0", { ...child, ...amd64 });
    attacks["an index around a signed image"] = { digest: parent.digest, why: /^unsigned: / };
    const mixed = index(registry, "9.3.0", { ...good, ...arm64 }, { ...plain, ...amd64 });
    attacks["an index with a signed image and another"] = { digest: mixed.digest, why: /^unsigned: / };
    const moved = index(registry, "9.4.0", { ...child, ...arm64 });
    signImage(registry, child.digest, moved.digest);
    attacks["the signature of its only image"] = { digest: moved.digest, why: /^claim-mismatch: / };

    await attacked.refresh();
    for (const [name, { digest, why }] of Object.entries(attacks)) {
      assert.match(await attacked.keptOut("ml", { digest }), why, name);
    }
    await attacked.serves(
      "ml",
      good.digest,
      Object.values(attacks).map(({ digest }) => digest),
    );
  });
});

describe("an adversary who may push into an approved repository, and attach reports there", () => {
  test("gets nothing served by a scan of something else", async () => {
    await using registry = await startOddRegistry();
    const good = registry.image(NAME, "1.0.0");
    attachReport(registry, NAME, good, trivyReport(ofImage(good), [], minuteAgo()));
    const vulnerabilities = { provider: { kind: "trivy", artifactTypes: ["application/json"] }, maxSeverity: "medium" };
    await using attacked = await serve(registry, { vulnerabilities });
    await attacked.serves("ml", good.digest);

    const clean = (of: BlobDescriptor): object => trivyReport(ofImage(of), [], minuteAgo());
    const borrowed = other(registry, "borrowed", "9.0.0");
    attachReport(registry, NAME, borrowed, clean(good));
    const [one, two] = [other(registry, "one"), other(registry, "two")];
    attachReport(registry, NAME, one, clean(one));
    const half = index(registry, "9.1.0", { ...one, ...amd64 }, { ...two, ...arm64 });
    const twice = index(registry, "9.2.0", { ...one, ...amd64 }, { ...two, ...amd64 });
    const hidden = index(
      registry,
      "9.3.0",
      { ...two, ...amd64, mediaType: "application/x-note" },
      { ...one, ...amd64 },
    );
    const disguised = index(
      registry,
      "9.4.0",
      { ...two, ...amd64, annotations: { "vnd.docker.reference.type": "attestation-manifest" } },
      { ...one, ...amd64 },
    );
    const nested = index(registry, "9.5.0", { ...index(registry, undefined, { ...one, ...amd64 }), ...amd64 });
    const whole = index(registry, "9.6.0", { ...two, ...amd64 });
    attachReport(registry, NAME, whole, clean(whole));
    const vulnerable = other(registry, "vulnerable", "9.7.0");
    attachReport(
      registry,
      NAME,
      vulnerable,
      trivyReport(ofImage(vulnerable), [critical], minuteAgo()),
      trivyReport(ofImage(vulnerable), [], "2026-01-01T00:00:00Z"),
    );
    await attacked.refresh();
    const attacks: readonly (readonly [string, BlobDescriptor, RegExp])[] = [
      ["the report of another image", borrowed, /^scan-failed: .* is of another image/],
      ["one child of two", half, /^scan-missing: .*linux\/arm64/],
      ["a second child of one platform", twice, new RegExp(`^scan-missing: .*${two.digest}`)],
      ["a child of another type", hidden, new RegExp(`^scan-missing: .*${two.digest}`)],
      ["a child that calls itself an attestation", disguised, new RegExp(`^scan-missing: .*${two.digest}`)],
      ["an index in an index", nested, /^scan-unsupported: /],
      ["a report of the index alone", whole, /^scan-missing: /],
      ["an older report that is clean", vulnerable, /^vulnerable: /],
    ];
    for (const [name, { digest }, why] of attacks) assert.match(await attacked.keptOut("ml", { digest }), why, name);
    await attacked.serves(
      "ml",
      good.digest,
      attacks.map(([, { digest }]) => digest),
    );
  });

  test("gets nothing served that one client reads as an image, and another as an index", async () => {
    await using registry = await startOddRegistry();
    const good = registry.image(NAME, "1.0.0");
    await using attacked = await serve(registry, {});
    const evil = other(registry, "evil");
    const { config, layers } = JSON.parse(
      await (await fetch(`${registry.url}/v2/${NAME}/manifests/${good.digest}`)).text(),
    ) as { config: object; layers: object[] };
    const both = { schemaVersion: 2, config, layers, manifests: [{ ...evil, ...amd64 }], annotations: { a: "b" } };
    const ambiguous = [
      registry.manifest(NAME, "9.0.0", { ...both, mediaType: MANIFEST }),
      registry.manifest(NAME, "9.1.0", { ...both, mediaType: INDEX }, INDEX),
      registry.manifest(NAME, "9.2.0", both, MANIFEST),
      registry.manifest(NAME, "9.3.0", { schemaVersion: 2, mediaType: INDEX, manifests: [] }, MANIFEST),
      registry.manifest(NAME, "9.4.0", { ...both, mediaType: MANIFEST, manifests: undefined }, INDEX),
    ].map(({ digest }) => digest);
    await attacked.refresh();
    await attacked.serves("ml", good.digest, [...ambiguous, evil.digest]);
    const known = (await attacked.versions("ml")).map(({ digest }) => digest);
    assert.deepEqual(known, [good.digest]);
    const { warnings = [] } = (await attacked.answer("ml")) ?? {};
    assert.match(warnings.join("\n"), /^5 tags of .* could not be read/, "that newer tags cannot be read is said");
  });
});
