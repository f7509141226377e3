import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readSbom } from "./read-sbom.ts";

const IMAGE = `sha256:${"a".repeat(64)}` as const;
const OTHER = `sha256:${"b".repeat(64)}` as const;
const source = { place: { host: "registry.test", repository: "team/executor-ml" }, about: new Set([IMAGE]) };
const sample = (name: string): Promise<Buffer> => readFile(new URL(`testing/${name}.json`, import.meta.url));

/** What an SBOM shows, each as `name version (strength): evidence`. */
async function shown(document: Uint8Array | object, signal: AbortSignal): Promise<readonly string[]> {
  const bytes = document instanceof Uint8Array ? document : Buffer.from(JSON.stringify(document));
  const { list } = await readSbom(bytes, source, signal);
  return list
    .map(({ name, version, strength, evidence }) => `${[name, version].join(" ").trim()} (${strength}): ${evidence}`)
    .sort();
}

const statement = (predicate: unknown, predicateType = "https://spdx.dev/Document", digest: string = IMAGE) => ({
  _type: "https://in-toto.io/Statement/v0.1",
  subject: [{ name: "_", digest: { sha256: digest.slice("sha256:".length) } }],
  predicateType,
  predicate,
});
const envelope = (of: object) => ({
  payloadType: "application/vnd.in-toto+json",
  payload: Buffer.from(JSON.stringify(of)).toString("base64"),
  signatures: [{ sig: "not looked at" }],
});
const SPDX = [
  "cuda 12.4 (found): pkg:pypi/torch@2.4.0+cu124",
  "python 3.11.2 (found): pkg:deb/debian/python3.11@3.11.2-6+deb12u3",
  "pytorch 2.4.0 (found): pkg:pypi/torch@2.4.0+cu124",
  "transformers 4.44.2 (found): pkg:pypi/transformers@4.44.2",
];

describe("an SBOM", () => {
  const formats: readonly (readonly [string, readonly string[]])[] = [
    ["spdx-2.3", SPDX],
    [
      "spdx-3.0",
      [
        "cuda 12.4 (found): pkg:deb/ubuntu/cuda-cudart-12-4@12.4.127-1",
        "vllm 0.6.3 (found): pkg:pypi/vllm@0.6.3.post1",
      ],
    ],
    [
      "cyclonedx-1.5",
      [
        "java 17.0.12 (found): pkg:deb/debian/openjdk-17-jre-headless@17.0.12+7-2~deb12u1",
        "spark 3.5.1 (found): pkg:maven/org.apache.spark/spark-core_2.12@3.5.1",
      ],
    ],
    [
      "cyclonedx-1.6",
      [
        "cuda 11.8 (declared): package cudatoolkit@11.8.0",
        "pytorch 2.4.0 (found): pkg:pypi/torch@2.4.0+cpu",
        "spacy 3.7.5 (found): pkg:pypi/spacy@3.7.5",
      ],
    ],
  ];
  for (const [name, expected] of formats) {
    test(`in the form of ${name} shows what its packages are, and not what the image is called`, async ({ signal }) => {
      assert.deepEqual(await shown(await sample(name), signal), expected);
    });
  }

  test("is read where a statement, a signed envelope or a bundle holds it", async ({ signal }) => {
    const spdx: unknown = JSON.parse((await sample("spdx-2.3")).toString());
    const stated = statement(spdx);
    const bundle = { mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", dsseEnvelope: envelope(stated) };
    for (const document of [stated, statement({ Data: spdx }), envelope(stated), bundle]) {
      assert.deepEqual(await shown(document, signal), SPDX);
    }
  });

  test("counts nothing in a statement about another image", async ({ signal }) => {
    const cyclonedx: unknown = JSON.parse((await sample("cyclonedx-1.6")).toString());
    const other = statement(cyclonedx, "https://cyclonedx.org/bom", OTHER);
    for (const document of [other, envelope(other), { ...other, subject: "all" }])
      await assert.rejects(shown(document, signal), /it is a statement about another image/);
  });
});

describe("what is no SBOM", () => {
  const deep = `${'{"components":['.repeat(100)}${"]}".repeat(100)}`;
  const many = JSON.stringify({ packages: Array.from({ length: 200_001 }, () => ({})) });
  for (const [what, text, why] of [
    ["nothing", "", /it ends in the middle/],
    ["a list", "[]", /it is not a JSON object/],
    ["a text", '"SPDX-2.3"', /it is not a JSON object/],
    ["XML", '<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>', /it is not JSON at byte 0/],
    ["tag-value", "SPDXVersion: SPDX-2.3", /it is not JSON at byte 0/],
    ["cut off", '{"bomFormat":"CycloneDX","components":[{"name":"tor', /it ends within a text/],
    ["cut off between members", '{"bomFormat":"CycloneDX",', /it ends in the middle/],
    ["followed by more", '{"bomFormat":"CycloneDX"} {}', /it is not JSON at byte 26/],
    ["a comma too many", '{"bomFormat":"CycloneDX",}', /it is not JSON/],
    ["nested too deeply", deep, /nests deeper than 64 levels/],
    ["too many packages", many, /lists more than 200000 packages/],
    ["a predicate of another kind", JSON.stringify(statement({ a: 1 }, "https://slsa.dev/provenance/v1")), /slsa/],
    ["SPDX as tag-value in a statement", JSON.stringify(statement("SPDXVersion: SPDX-2.3")), /none of the formats/],
    ["an envelope in an envelope", JSON.stringify(envelope(envelope({}))), /none of the formats/],
    ["an envelope of something else", JSON.stringify({ payloadType: "text/plain", payload: "aGk=" }), /no statement/],
    [
      "another JSON",
      '{"spdxVersion":2,"bomFormat":["CycloneDX"]}',
      /none of the formats that are read: SPDX 2, SPDX 3/,
    ],
  ] as const) {
    test(`is refused with what is wrong: ${what}`, async ({ signal }) => {
      await assert.rejects(shown(Buffer.from(text), signal), { name: /RegistryError|TooLargeError/, message: why });
    });
  }

  test("members of other kinds than the format has count as missing", async ({ signal }) => {
    const odd = {
      bomFormat: "CycloneDX",
      metadata: [{ component: null }, 7],
      components: [
        null,
        [],
        "pkg:pypi/torch@1",
        { name: ["torch"], purl: 3 },
        { name: "numpy", purl: "pkg:pypi/%", components: "all" },
        { name: "ray", version: { major: 2 }, purl: "pkg:pypi/ray@2.9.0" },
      ],
    };
    assert.deepEqual(await shown(odd, signal), ["ray 2.9.0 (found): pkg:pypi/ray@2.9.0"]);
  });

  test("is whatever is not JSON, and all JSON is read", async ({ signal }) => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 5 }), async (json) => {
        const document = `{"bomFormat":"CycloneDX","components":[${json}], "x" : ${json}}`;
        await readSbom(Buffer.from(document), source, signal);
        const broken = document.slice(0, -1 - (json.length % 7));
        await assert.rejects(readSbom(Buffer.from(broken), source, signal), { code: "registry-protocol" });
      }),
    );
  });
});

test("others get their turn while a large SBOM is read", async ({ signal }) => {
  const components = Array.from({ length: 60_000 }, (_, index) => ({
    type: "library",
    name: `package-${index}`,
    version: "1.0.0",
    purl: `pkg:pypi/package-${index}@1.0.0`,
  }));
  let turns = 0;
  let reading = true;
  const count = (): void => {
    turns += 1;
    if (reading) setImmediate(count);
  };
  setImmediate(count);
  await shown({ bomFormat: "CycloneDX", specVersion: "1.6", components }, signal);
  reading = false;
  assert.ok(turns >= 20, `${turns} turns`);
});
