import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Catalogue,
  Judging,
  makePolicies,
  ReadSecret,
  repositoryReader,
  SignatureSettings,
} from "@executor-registry/registry/internal";
import { silentLogger } from "@executor-registry/resolver";
import { describeBytes, IMAGE_MANIFEST } from "../testing/images.ts";
import { manualClock } from "../testing/manual-clock.ts";
import { testClient } from "../testing/registry-client.ts";
import {
  cosignAnnotations,
  makeSigningKey,
  makeSigstore,
  messageEntry,
  messageSignature,
  type Signer,
  simplePayload,
} from "../testing/sigstore.ts";
import { printTable } from "./figures.ts";
import { found, openCatalogue, VERSIONS } from "./start-store.ts";

// What judging all images again costs: requests at the registry, time, and what is written. Each image is signed once under cosign's tag.
// Judging, catalogue and store (SQLite) are the service's own, its clock is set a day ahead; the registry is a server in this
// process, which answers from memory, so that its time is a part of what is measured. Usage: npm run bench:revalidation -- [IMAGES]

const [count = 10_000] = process.argv.slice(2).map(Number);
const DAY_MS = 86_400_000;
const IDENTITY = {
  issuer: "https://token.actions.githubusercontent.com",
  subject: "https://github.com/acme/ml/.github/workflows/release.yml@refs/tags/v1",
};
const EMPTY = Buffer.from("{}");

const folder = await mkdtemp(join(tmpdir(), "bench-revalidation-"));
const sigstore = await makeSigstore();
const key = makeSigningKey();
const certified = await sigstore.certify(IDENTITY);
const builds = Array.from({ length: count }, (_, at) => found(Math.floor(at / VERSIONS), at % VERSIONS, 0));

/** What the registry holds, by the last part of the path. */
const held = new Map<string, { readonly bytes: Buffer; readonly type: string }>();
let requests = 0;
const server = createServer((request, response) => {
  requests += 1;
  const known = held.get(request.url?.split("/").at(-1) ?? "");
  if (known === undefined) response.writeHead(404, { "content-type": "application/json" }).end('{"errors":[]}');
  else response.writeHead(200, { "content-type": known.type, "content-length": known.bytes.length }).end(known.bytes);
});
await once(server.listen(0, "127.0.0.1"), "listening");
await using client = testClient(`127.0.0.1:${(server.address() as AddressInfo).port}`);

async function signAll(signer: Signer, logged: boolean): Promise<void> {
  held.clear();
  for (const { change } of builds) {
    if (change.kind !== "image-found") continue;
    const payload = simplePayload(change.digest);
    const signature = messageSignature(payload, signer);
    const entry = logged ? await sigstore.log(messageEntry(payload, signature, signer)) : undefined;
    const layer = describeBytes("application/vnd.dev.cosign.simplesigning.v1+json", payload);
    const manifest = {
      schemaVersion: 2,
      mediaType: IMAGE_MANIFEST,
      config: describeBytes("application/vnd.oci.image.config.v1+json", EMPTY),
      layers: [{ ...layer, annotations: cosignAnnotations(signature, signer, entry) }],
    };
    const tag = `${change.digest.replace(":", "-")}.sig`;
    held.set(tag, { bytes: Buffer.from(JSON.stringify(manifest)), type: IMAGE_MANIFEST });
    held.set(layer.digest, { bytes: payload, type: "application/octet-stream" });
  }
}

const clock = manualClock(Date.now());
/** The source that found the images. */
const source = {
  name: "builds",
  kind: "oci",
  requests: 0,
  throttled: 0,
  rank: () => 0,
  named: () => [],
  scan: async () => ({ complete: true }),
  details: () => Promise.reject(new TypeError("not asked for here")),
  reader: ({ path }: { readonly path: string }) => repositoryReader(() => client, path),
  close: async () => {},
};

const judgingBy = (catalogue: Catalogue, signature: object): Judging => {
  const settings = { ...SignatureSettings.parse(signature), mode: "enforce" } as const;
  const random = (): number => 0.5;
  const context = { clock, random, log: silentLogger, postedReports: async () => [] };
  const policies = makePolicies(
    { approvedNamespaces: ["**"], policies: [{ name: "signed", types: ["*"], signature: settings }] },
    context,
  );
  return new Judging({ policies, sources: [source], catalogue, clock, random, log: silentLogger });
};

interface Cost {
  readonly requests: number;
  readonly seconds: number;
  readonly cpu: number;
  readonly entries: number;
  readonly bytes: number;
}

async function measured(file: string, signature: object): Promise<Cost> {
  // As after a restart: all that is known is what the store holds.
  const catalogue = await openCatalogue(file);
  const judging = judgingBy(catalogue, signature);
  const sizeOf = async (): Promise<number> => (await stat(file)).size + (await stat(`${file}-wal`)).size;
  const [asked, sequence, size] = [requests, catalogue.head.sequence, await sizeOf()];
  const [started, before] = [performance.now(), process.cpuUsage()];
  await judging.adopt();
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  const admitted = [...catalogue.types()]
    .flatMap(({ images }) => [...images])
    .filter(({ state }) => state === "admitted");
  if (admitted.length !== count) throw new Error(`${admitted.length} of ${count} images are admitted`);
  const entries = catalogue.head.sequence - sequence;
  const bytes = (await sizeOf()) - size;
  await judging.close();
  await catalogue.close();
  return { requests: requests - asked, seconds, cpu: (user + system) / 1e6, entries, bytes };
}

try {
  const trustedRoot = new ReadSecret({ text: sigstore.trustedRoot });
  const rows: [name: string, cost: Cost][] = [];
  for (const [name, signer, logged, signature] of [
    ["keys", { key }, false, { keys: [key.pem] }],
    ["keys, in the log", { key }, true, { keys: [key.pem], transparencyLog: "required", trustedRoot }],
    ["identities", certified, true, { identities: [IDENTITY], trustedRoot }],
  ] as const) {
    await signAll(signer, logged);
    const file = join(folder, `${rows.length}.db`);
    const catalogue = await openCatalogue(file);
    for (let at = 0; at < builds.length; at += VERSIONS)
      await catalogue.record("source:builds", () => builds.slice(at, at + VERSIONS));
    await catalogue.close();
    rows.push([`${name}: at first, or after the rules changed`, await measured(file, signature)]);
    rows.push([`${name}: the same day, after a restart`, await measured(file, signature)]);
    clock.jump(DAY_MS + 1000);
    rows.push([`${name}: a day later`, await measured(file, signature)]);
  }
  const per = (total: number, scale: number, digits: number): string => ((total * scale) / count).toFixed(digits);
  printTable(
    [
      `${count} images signed by`,
      "requests",
      "s",
      "processor s",
      "entries",
      "an image: requests",
      "ms",
      "processor ms",
      "store grows, bytes",
    ],
    rows.map(([name, cost]) => [
      name,
      `${cost.requests}`,
      cost.seconds.toFixed(2),
      cost.cpu.toFixed(2),
      `${cost.entries}`,
      per(cost.requests, 1, 1),
      per(cost.seconds, 1000, 2),
      per(cost.cpu, 1000, 2),
      per(cost.bytes, 1, 0),
    ]),
  );
} finally {
  server.close();
  await rm(folder, { recursive: true });
}
