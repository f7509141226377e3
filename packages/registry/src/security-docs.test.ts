import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createPublicKey, generateKeyPairSync, hash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { repositoryAt, silentLogger, systemClock } from "@executor-registry/resolver";
import { type Cosign, makeCosign, noCosign } from "../../../testing/cosign.ts";
import { type DockerRegistry, noDockerRegistry, startDockerRegistry } from "../../../testing/docker-registry.ts";
import { type DocumentSection, sectionsOf, type Shell, shellIn } from "../../../testing/documented.ts";
import { exampleService } from "../../../testing/example-service.ts";
import type { BlobDescriptor } from "../../../testing/images.ts";
import { noMoto, startMoto } from "../../../testing/moto.ts";
import {
  cosignAnnotations,
  makeSigstore,
  messageEntry,
  messageSignature,
  simplePayload,
} from "../../../testing/sigstore.ts";
import { makePolicies } from "./checks/checks.ts";
import { freshImage, pushSimple, readerOf, REPOSITORY } from "./checks/testing/signed.ts";
import { trivyReport, vulnPredicate } from "./checks/vulnerabilities/testing/scans.ts";
import { parseConfig } from "./config/parse-config.ts";

const run = promisify(execFile);
const DOCUMENTS = ["docs/signing-and-scanning.md", "docs/security.md"];
const sections = (await Promise.all(DOCUMENTS.map((document) => sectionsOf(document)))).flat();
const sectionOn = (heading: string): DocumentSection => {
  const found = sections.find((one) => one.heading === heading);
  assert.ok(found, `no section of ${DOCUMENTS.join(" and ")} is "${heading}"`);
  return found;
};

/** Commands that are not run, with their flags compared with what cosign's help names instead. */
const NOT_RUN: readonly (readonly [heading: string, command: RegExp, why: string])[] = [
  ["Sign in CI, without a key", /^cosign /, "needs the identity of a CI run, and sigstore's public services"],
  ["Sign with a cloud's KMS", /gcpkms:/, "needs a project of Google Cloud"],
  ["Without the internet", /--with-default-services/, "needs sigstore's public TUF repository"],
];
const RUN = [
  "Introduce a check",
  "Sign with a key",
  "Sign in CI, without a key",
  "Sign with a cloud's KMS",
  "Without the internet",
  "Scans",
  "When the last version fails",
  "Verify the journal offline",
];

test("they have no commands in sections of which these tests know nothing", () => {
  const shown = sections.filter(({ commands }) => commands.length > 0).map(({ heading }) => heading);
  assert.deepEqual(shown, RUN);
});

describe(
  "docs/signing-and-scanning.md, commands of cosign",
  { skip: noCosign || noDockerRegistry, timeout: 180_000 },
  () => {
    let registry: DockerRegistry;
    let cosign: Cosign;
    let shell: Shell;
    before(async () => {
      [registry, cosign] = await Promise.all([startDockerRegistry(), makeCosign()]);
      const plain = await shellIn(cosign.folder);
      shell = (commands, environment) =>
        plain(commands, { HOME: cosign.folder, COSIGN_PASSWORD: "", COSIGN_YES: "true", ...environment });
    });
    after(() => Promise.all([registry[Symbol.asyncDispose](), cosign[Symbol.asyncDispose]()]));

    const third = (): boolean => !cosign.version.startsWith("v2.");
    const imageOf = ({ digest }: BlobDescriptor) => ({ IMAGE: `${registry.host}/${REPOSITORY}@${digest}` });

    /** What a check says of an image, by a policy that the document shows. */
    async function judged(yaml: string | undefined, check: string, { digest }: BlobDescriptor, signal: AbortSignal) {
      const written = (yaml ?? "").replaceAll("/secrets/", `${cosign.folder}/`);
      const { checks } = parseConfig(/^sources:/m.test(written) ? written : `sources: []\n${written}`, "security.md");
      assert.ok(checks !== undefined);
      const context = { clock: systemClock, random: Math.random, log: silentLogger, postedReports: async () => [] };
      const found = makePolicies(checks, context)
        .of("ml")
        .checks.find(({ name }) => name === check);
      assert.ok(found, `the policy has no ${check}`);
      const image = { repository: repositoryAt(registry.host, REPOSITORY), digest, tags: ["1.0.0"] };
      return found.judge({ image, reader: readerOf(registry.host) }, signal);
    }

    test("Sign with a key: what is signed so passes the policy that is shown, and nothing else", async ({ signal }) => {
      const [first, annotated] = sectionOn("Sign with a key").commands;
      const [image, other] = [await freshImage(registry), await freshImage(registry)];
      // One that is there is not overwritten without a question.
      await shell(`rm -f cosign.key cosign.pub\n${first}`, imageOf(image));
      const [configuration] = sectionOn("Name what is required").configurations;
      assert.equal((await judged(configuration, "signature", image, signal)).state, "passed");
      assert.equal((await judged(configuration, "signature", other, signal)).code, "unsigned");

      const [released] = sectionOn("Sign with a key").configurations;
      await shell("cosign generate-key-pair --output-key-prefix release");
      await shell(annotated ?? "", imageOf(other));
      assert.equal((await judged(released, "signature", other, signal)).code, "signatures-missing");
      await shell((annotated ?? "").replace("cosign.key", "release.key"), imageOf(other));
      const { state, reason } = await judged(released, "signature", other, signal);
      assert.equal(state, "passed", reason);
    });

    test("Sign with a cloud's KMS: AWS, as moto emulates it", { skip: noMoto }, async ({ signal }) => {
      await using moto = await startMoto();
      const aws = {
        AWS_ENDPOINT_URL: moto.endpoint,
        AWS_REGION: "eu-west-1",
        AWS_ACCESS_KEY_ID: "key",
        AWS_SECRET_ACCESS_KEY: "secret",
      };
      const { commands, configurations } = sectionOn("Sign with a cloud's KMS");
      const image = await freshImage(registry);
      const block = commands.find((text) => text.includes("awskms:")) ?? "";
      await shell(`rm -f cosign.pub\n${block}`, { ...aws, ...imageOf(image) });
      // moto hashes the digest that it is to sign once more, so that its signatures hold for no verifier: this one is found, no more.
      const { code, reason } = await judged(configurations[0], "signature", image, signal);
      assert.equal(code, "signature-invalid", reason);
      const [made, printed] = ["cosign.pub", "kms.pub"].map((name) => readFileSync(join(cosign.folder, name), "utf8"));
      assert.equal(printed, made);
    });

    test("Without the internet: the trusted root of one's own Fulcio and Rekor", async ({ signal }) => {
      const sigstore = await makeSigstore();
      const root = JSON.parse(sigstore.trustedRoot) as {
        certificateAuthorities: { certChain: { certificates: { rawBytes: string }[] } }[];
        tlogs: { publicKey: { rawBytes: string } }[];
        ctlogs: { publicKey: { rawBytes: string } }[];
      };
      const pem = (der = ""): string =>
        createPublicKey({ key: Buffer.from(der, "base64"), format: "der", type: "spki" })
          .export({ format: "pem", type: "spki" })
          .toString();
      const chain = (root.certificateAuthorities[0]?.certChain.certificates ?? []).map(({ rawBytes }) =>
        new X509Certificate(Buffer.from(rawBytes, "base64")).toString(),
      );
      await writeFile(join(cosign.folder, "fulcio.pem"), chain.join(""));
      await writeFile(join(cosign.folder, "rekor.pub"), pem(root.tlogs[0]?.publicKey.rawBytes));
      await writeFile(join(cosign.folder, "ctfe.pub"), pem(root.ctlogs[0]?.publicKey.rawBytes));
      const { commands, configurations } = sectionOn("Without the internet");
      await shell(commands[1] ?? "");

      const image = await freshImage(registry);
      const identity = { issuer: "https://login.example.com", subject: "https://ci.example.com/team/release" };
      const signer = await sigstore.certify(identity);
      const payload = simplePayload(image.digest);
      const signature = messageSignature(payload, signer);
      const entry = await sigstore.log(messageEntry(payload, signature, signer));
      const annotations = cosignAnnotations(signature, signer, entry);
      await pushSimple(registry, image.digest, [{ payload, annotations }]);
      const { state, reason } = await judged(configurations[0], "signature", image, signal);
      assert.equal(state, "passed", reason);
    });

    test("Scans: a report that its scanner signed lets an image in", async ({ signal }) => {
      const { commands, configurations } = sectionOn("Scans");
      const image = await freshImage(registry);
      const [block = ""] = commands;
      // Trivy needs its database: it is stood in for by a report of its form.
      const own = block.replace(/^trivy image --format cosign-vuln --output scan\.json "\$IMAGE"\n/m, "");
      assert.notEqual(own, block);
      const now = new Date().toISOString();
      const manifest = await readerOf(registry.host).manifest(image.digest, signal);
      const { config } = JSON.parse(Buffer.from(manifest.raw).toString()) as { config: { digest: string } };
      const scan = vulnPredicate(trivyReport({ ImageID: config.digest }), now);
      await writeFile(join(cosign.folder, "scan.json"), JSON.stringify(scan));
      await shell(own, imageOf(image));
      const { state, reason } = await judged(configurations[0], "vulnerabilities", image, signal);
      assert.equal(state, "passed", reason);
    });

    for (const [heading, command, why] of NOT_RUN) {
      const lines = sectionOn(heading).commands.flatMap((block) => block.split("\n"));
      for (const line of lines.filter((text) => command.test(text))) {
        test(`${heading}: not run, since it ${why}; cosign has its flags: ${line}`, async (t) => {
          if (!third() && line.startsWith("cosign trusted-root")) return t.skip("cosign 3 is needed");
          const words = line.split(" ").slice(1);
          const verbs = words.slice(
            0,
            words.findIndex((word) => word.startsWith("-")),
          );
          const { stdout: help } = await run("cosign", ["help", ...verbs]);
          const flags = words.map((word) => word.split("=")[0] ?? "").filter((word) => word.startsWith("--"));
          // Version 3 has it, and does not name it. The commands that are run have it too.
          const named = flags.filter((flag) => flag !== "--tlog-upload");
          assert.deepEqual(
            named.filter((flag) => !help.includes(`${flag}=`)),
            [],
          );
        });
      }
    }
  },
);

const noCurl = await run("curl", ["--version"]).then(
  () => false,
  () => "curl is not installed",
);

test("what is asked about a type, and the journal's verification", { skip: noCurl, timeout: 180_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "security-docs-"));
  t.after(() => rm(folder, { recursive: true }));
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const file = join(folder, "checkpoints.pem");
  await writeFile(file, privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(join(folder, "checkpoints.pub"), publicKey.export({ type: "spki", format: "pem" }));
  const sha256 = hash("sha256", "token-of-the-build", "hex");
  await using service = await exampleService(`
audit: { checkpoints: { key: { file: ${file} }, every: 1s } }
auth: { tokens: [{ name: ci, role: operator, sha256: ${sha256} }] }`);
  const signed = async () => (await (await fetch(`${service.url}/journal/checkpoints`)).text()).includes('"note"');
  while (!(await signed()));
  const shell = await shellIn(folder);
  const { digest } = (await (await fetch(`${service.url}/executors/ml`)).json()) as { digest: string };
  await writeFile(join(folder, "report.json"), JSON.stringify(trivyReport({ RepoDigests: [`r.test/ml@${digest}`] })));
  const layout = `{ name: examples, kind: oci-layout, path: "${resolve("examples/layout")}" }`;
  await writeFile(join(folder, "enforce.yaml"), `sources: [${layout}]\n`);
  const environment = {
    EXECUTOR_REGISTRY_URL: service.url,
    DIGEST: digest,
    IMAGE: `docker.io/library/executor-ml@${digest}`,
    TOKEN: "token-of-the-build",
  };
  const posted = await shell(sectionOn("Scans").commands[1] ?? "", environment);
  assert.ok(posted.includes(digest), posted);
  const answers = new Map<string, string>();
  for (const heading of ["Introduce a check", "When the last version fails", "Verify the journal offline"]) {
    answers.set(heading, await shell(sectionOn(heading).commands.join("\n"), environment));
  }
  assert.match(answers.get("Introduce a check") ?? "", /\bml\b.*state: admitted/s);
  assert.match(answers.get("When the last version fails") ?? "", /current version.*image-found.*"verdicts":/s);
  assert.match(
    answers.get("Verify the journal offline") ?? "",
    /are as written; .*\n\d+ checkpoints?, signed by the keys given/,
  );
});
