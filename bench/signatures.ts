import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryAt, systemClock } from "@executor-registry/resolver";
import {
  createSignatureCheck,
  ReadSecret,
  repositoryReader,
  SignatureSettings,
  trustOf,
  verifiedAttestations,
} from "@executor-registry/registry/internal";
import { noCosign } from "../testing/cosign.ts";
import { startDockerRegistry } from "../testing/docker-registry.ts";
import { type BlobDescriptor, describeBytes } from "../testing/images.ts";
import { pushArtifact, pushImage, pushIndex } from "../testing/push.ts";
import { testClient } from "../testing/registry-client.ts";
import {
  cosignAnnotations,
  envelopeBundle,
  envelopeEntry,
  envelopeSignature,
  makeSigningKey,
  makeSigstore,
  messageEntry,
  messageSignature,
  type Signer,
  simplePayload,
  statement,
} from "../testing/sigstore.ts";
import { printTable } from "./figures.ts";
import { requireCommands } from "./peers.ts";

// The signature check on images of a real registry, each signed once under cosign's tag: by a key, and by a certificate with log entry
// and SCT. The trusted root is read and the thread runs before the clock starts; no result is remembered. Processor time is that of the
// whole process, thread included. `cosign verify`, where it is on PATH, verifies the same images one after the other.
// Needs docker-registry (Debian's package). Usage: npm run bench:signatures -- [IMAGES] [COSIGN_IMAGES]

requireCommands({ "docker-registry": "docker-registry" });
const [count = 200, sampled = 10] = process.argv.slice(2).map(Number);
const REPOSITORY = "team/executor-ml";
const ISSUER = "https://token.actions.githubusercontent.com";
const SUBJECT = "https://github.com/acme/ml/.github/workflows/release.yml@refs/tags/v1";
const VULNERABILITIES = "https://cosign.sigstore.dev/attestation/vuln/v1";
const BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const EMPTY = Buffer.from("{}");

await using registry = await startDockerRegistry();
await using client = testClient(registry.host);
const folder = await mkdtemp(join(tmpdir(), "bench-signatures-"));
const sigstore = await makeSigstore();
const key = makeSigningKey();
const certified = await sigstore.certify({ issuer: ISSUER, subject: SUBJECT });

async function signedImages(signer: Signer): Promise<readonly BlobDescriptor[]> {
  const images: BlobDescriptor[] = [];
  for (let index = 0; index < count; index += 1) {
    const image = await pushImage(registry, REPOSITORY, undefined, { size: 16 });
    const payload = simplePayload(image.digest);
    const signature = messageSignature(payload, signer);
    const entry = signer.certificate && (await sigstore.log(messageEntry(payload, signature, signer)));
    const layer = describeBytes("application/vnd.dev.cosign.simplesigning.v1+json", payload);
    const manifest = {
      config: describeBytes("application/vnd.oci.image.config.v1+json", EMPTY),
      layers: [{ ...layer, annotations: cosignAnnotations(signature, signer, entry) }],
    };
    await pushArtifact(registry, REPOSITORY, `${image.digest.replace(":", "-")}.sig`, manifest, [EMPTY, payload]);
    images.push(image);
  }
  return images;
}

/** Images about each of which one statement is made, in a bundle that refers to it. */
async function attestedImages(signer: Signer): Promise<readonly BlobDescriptor[]> {
  const images: BlobDescriptor[] = [];
  for (let index = 0; index < count; index += 1) {
    const image = await pushImage(registry, REPOSITORY, undefined, { size: 16 });
    const payload = statement(image.digest, { predicateType: VULNERABILITIES });
    const signature = envelopeSignature(payload, signer);
    const entry = await sigstore.log(envelopeEntry(payload, signature, signer));
    const bundle = Buffer.from(JSON.stringify(envelopeBundle(payload, signature, signer, entry)));
    const manifest = {
      artifactType: BUNDLE,
      config: describeBytes("application/vnd.oci.empty.v1+json", EMPTY),
      layers: [describeBytes(BUNDLE, bundle)],
      subject: image,
    };
    const pushed = await pushArtifact(registry, REPOSITORY, undefined, manifest, [EMPTY, bundle]);
    await pushIndex(registry, REPOSITORY, image.digest.replace(":", "-"), [{ ...pushed, artifactType: BUNDLE }]);
    images.push(image);
  }
  return images;
}

const reader = repositoryReader(() => client, REPOSITORY);
const { signal } = new AbortController();

function judging(settings: object): (image: BlobDescriptor) => Promise<void> {
  const check = createSignatureCheck(SignatureSettings.parse(settings), 86_400_000, { clock: systemClock });
  return async ({ digest }) => {
    const image = { repository: repositoryAt(registry.host, REPOSITORY), digest, tags: ["1.0.0"] };
    const { state, reason } = await check.judge({ image, reader }, signal);
    if (state !== "passed") throw new Error(reason);
  };
}

function attesting(settings: object): (image: BlobDescriptor) => Promise<void> {
  const trust = trustOf(SignatureSettings.parse(settings));
  const predicateTypes = new Set([VULNERABILITIES]);
  return async ({ digest }) => {
    const { verified } = await verifiedAttestations({ reader, image: digest }, { predicateTypes, trust }, signal);
    if (verified.length !== 1) throw new Error("nothing is stated");
  };
}

async function measured(judge: (image: BlobDescriptor) => Promise<void>, images: readonly BlobDescriptor[]) {
  const [first, ...rest] = images;
  if (first !== undefined) await judge(first);
  const [requests, started, before] = [client.requests, performance.now(), process.cpuUsage()];
  for (let at = 0; at < rest.length; at += 8) await Promise.all(rest.slice(at, at + 8).map(judge));
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  return { seconds, cpu: (user + system) / 1e6, checks: rest.length, requests: client.requests - requests };
}

function cosign(args: readonly string[], images: readonly BlobDescriptor[]) {
  const started = performance.now();
  for (const { digest } of images)
    execFileSync("cosign", ["verify", ...args, `${registry.host}/${REPOSITORY}@${digest}`], { stdio: "pipe" });
  return { seconds: (performance.now() - started) / 1000, checks: images.length };
}

try {
  const trustedRoot = new ReadSecret({ text: sigstore.trustedRoot });
  const identities = [{ issuer: ISSUER, subject: SUBJECT }];
  const [byKey, byCertificate] = [await signedImages({ key }), await signedImages(certified)];
  const attested = await attestedImages(certified);
  const rows = [
    ["signed by a key", await measured(judging({ keys: [key.pem] }), byKey)],
    ["signed by a certificate, in the log", await measured(judging({ identities, trustedRoot }), byCertificate)],
    ["attested by a certificate, in the log", await measured(attesting({ identities, trustedRoot }), attested)],
  ] as const;
  printTable(
    ["", "checks", "per second", "per second of processor time", "requests per check"],
    rows.map(([name, { seconds, cpu, checks, requests }]) => [
      name,
      `${checks}`,
      (checks / seconds).toFixed(0),
      (checks / cpu).toFixed(0),
      (requests / checks).toFixed(1),
    ]),
  );
  if (noCosign === false) {
    const [keyFile, rootFile] = [join(folder, "key.pub"), join(folder, "root.json")];
    await writeFile(keyFile, key.pem);
    await writeFile(rootFile, sigstore.trustedRoot);
    const identity = [`--certificate-identity=${SUBJECT}`, `--certificate-oidc-issuer=${ISSUER}`];
    const runs = [
      ["signed by a key", ["--key", keyFile, "--insecure-ignore-tlog"], byKey],
      [
        "signed by a certificate, in the log",
        [...identity, "--trusted-root", rootFile, "--new-bundle-format=false"],
        byCertificate,
      ],
    ] as const;
    const peers = runs.map(([name, args, images]) => {
      const { seconds, checks } = cosign(args, images.slice(0, sampled));
      return [name, `${checks}`, (checks / seconds).toFixed(1)];
    });
    console.log("");
    printTable(["cosign verify", "images", "per second"], peers);
  } else console.error(`SKIPPED: cosign verify: ${noCosign}`);
} finally {
  await rm(folder, { recursive: true });
}
