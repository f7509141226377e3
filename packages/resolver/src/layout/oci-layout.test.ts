import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { DEFAULT_TEMPLATE, parseTemplate } from "../reference/template.ts";
import type { Source } from "../source.ts";
import { openLayout } from "./oci-layout.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A layout folder under construction. */
class Layout {
  readonly folder: string;
  readonly manifests: Descriptor[] = [];

  constructor(t: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), "layout-"));
    t.after(() => rmSync(this.folder, { recursive: true }));
    mkdirSync(join(this.folder, "blobs", "sha256"), { recursive: true });
    writeFileSync(join(this.folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    this.write();
  }

  blob(mediaType: string, value: unknown): Descriptor {
    const bytes = JSON.stringify(value);
    const hex = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(this.folder, "blobs", "sha256", hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  }

  image(created: string | undefined, salt = ""): Descriptor {
    const config = this.blob("application/vnd.oci.image.config.v1+json", {
      created,
      architecture: "amd64",
      os: "linux",
      salt,
    });
    return this.blob(MANIFEST, { schemaVersion: 2, config, layers: [{ ...config, size: 1000 }] });
  }

  add(name: string, descriptor: Descriptor, key = "org.opencontainers.image.ref.name"): this {
    this.manifests.push({ ...descriptor, annotations: { [key]: name } });
    this.write();
    return this;
  }

  write(): void {
    writeFileSync(join(this.folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: this.manifests }));
  }

  async open(): Promise<Source> {
    const source = openLayout({ directory: this.folder, template: parseTemplate(DEFAULT_TEMPLATE) });
    await source.settled;
    return source;
  }
}

describe("which image of a type a layout means", () => {
  test("the one created last, whatever its place, tag or size", async (t) => {
    const layout = new Layout(t);
    layout.add("executor-ml:1.9", layout.image("2026-03-01T00:00:00Z"));
    const newest = layout.image("2026-05-01T00:00:00Z");
    layout.add("executor-ml:1.2", newest).add("executor-ml:1.5", layout.image("2026-04-01T00:00:00Z"));
    layout.add("executor-mlops:1", layout.image("2026-06-01T00:00:00Z"));
    const source = await layout.open();
    const finding = source.find("ml");
    assert.equal(finding?.image, `executor-ml@${newest.digest}`);
    assert.equal(finding.version, "1.2");
    assert.equal(finding.decidedBy, "created");
    assert.deepEqual(
      finding.candidates.map(({ version }) => version),
      ["1.2", "1.5", "1.9"],
    );
    assert.deepEqual([...source.types()].sort(), ["ml", "mlops"]);
    assert.equal(source.find("nlp"), undefined);
  });

  for (const [what, first, second] of [
    ["are equal", "2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z"],
    ["are those of reproducible builds", "1970-01-01T00:00:00Z", "1980-01-01T00:00:01Z"],
    ["are missing in one", "2026-05-01T00:00:00Z", undefined],
    ["are no times", "yesterday", "2026-05-01T00:00:00Z"],
  ] as const) {
    test(`ambiguous, and the same each time, where times ${what}`, async (t) => {
      const layout = new Layout(t);
      layout.add("executor-ml:a", layout.image(first, "a")).add("executor-ml:b", layout.image(second, "b"));
      const finding = (await layout.open()).find("ml");
      assert.equal(finding?.ambiguous, true);
      assert.equal(finding.decidedBy, "none");
      assert.equal(finding.candidates.length, 2);
      assert.ok(finding.advice);
      layout.manifests.reverse();
      layout.write();
      assert.equal((await layout.open()).find("ml")?.image, finding.image);
    });
  }

  test("a multi-platform image by its index, attestations left aside", async (t) => {
    const layout = new Layout(t);
    const attestation = {
      ...layout.blob(MANIFEST, {}),
      annotations: { "vnd.docker.reference.type": "attestation-manifest" },
    };
    const index = layout.blob(INDEX, {
      schemaVersion: 2,
      manifests: [attestation, layout.image("2026-05-01T00:00:00Z")],
    });
    layout.add("registry.example.com/executor-ml:1", index, "io.containerd.image.name");
    const finding = (await layout.open()).find("ml");
    assert.equal(finding?.image, `registry.example.com/executor-ml@${index.digest}`);
    assert.equal(finding.decidedBy, "only-candidate");
  });

  test("reg-02: a chart, a build cache or an index of attestations is no candidate", async (t) => {
    const layout = new Layout(t);
    layout.add("executor-ml:1", layout.image("2026-05-01T00:00:00Z"));
    for (const type of ["application/vnd.cncf.helm.config.v1+json", "application/vnd.buildkit.cacheconfig.v0"]) {
      const config = layout.blob(type, []);
      layout.add(`executor-ml:${type.length}`, layout.blob(MANIFEST, { schemaVersion: 2, config, layers: [] }));
      layout.add("executor-nlp:1", layout.blob(MANIFEST, { schemaVersion: 2, config, layers: [], of: type }));
      const cache = layout.blob(INDEX, { schemaVersion: 2, manifests: [config] });
      layout.add(`executor-ml:cache-${type.length}`, cache);
    }
    const source = await layout.open();
    assert.deepEqual([...source.types()], ["ml"]);
    assert.equal(source.find("ml")?.candidates.length, 1);
  });

  test("images without a name are nobody's", async (t) => {
    const layout = new Layout(t);
    layout.manifests.push(layout.image("2026-05-01T00:00:00Z"));
    layout.write();
    assert.deepEqual([...(await layout.open()).types()], []);
  });
});

describe("a folder that is not what it says", () => {
  const damages: readonly (readonly [string, (layout: Layout) => void, RegExp])[] = [
    ["no layout at all", ({ folder }) => rmSync(join(folder, "oci-layout")), /oci-layout: no such file/],
    ["another version", ({ folder }) => writeFileSync(join(folder, "oci-layout"), "{}"), /imageLayoutVersion/],
    ["no index", ({ folder }) => rmSync(join(folder, "index.json")), /index\.json: no such file/],
    [
      "an index that is not JSON",
      ({ folder }) => writeFileSync(join(folder, "index.json"), "{"),
      /index\.json: it is not JSON/,
    ],
    [
      "an index without manifests",
      ({ folder }) => writeFileSync(join(folder, "index.json"), "[]"),
      /not a JSON object/,
    ],
    [
      "a digest that would leave the folder",
      (layout) => {
        layout.manifests.push({ mediaType: MANIFEST, digest: "sha256:../../../../etc/passwd", size: 1 });
        layout.write();
      },
      /descriptor without media type, digest or size/,
    ],
    ["a missing blob", (layout) => rmSync(blobFile(layout)), /no such file/],
    [
      "a blob of other content",
      (layout) => {
        const content = readFileSync(blobFile(layout), "utf8");
        writeFileSync(blobFile(layout), content.replace("2", "3"));
      },
      /its content has digest sha256:/,
    ],
    [
      "a blob that is too large",
      (layout) => writeFileSync(blobFile(layout), Buffer.alloc((4 << 20) + 1)),
      /more than 4194304/,
    ],
  ];
  const blobFile = ({ folder, manifests }: Layout): string =>
    join(folder, "blobs", "sha256", manifests[0]?.digest.slice(7) ?? "");
  for (const [what, damage, message] of damages) {
    test(what, async (t) => {
      const layout = new Layout(t);
      layout.add("executor-ml:1", layout.image("2026-05-01T00:00:00Z"));
      damage(layout);
      const { state, problem } = (await layout.open()).status();
      assert.equal(state, "unavailable");
      assert.equal(problem?.code, "invalid-layout");
      assert.match(problem.message, message);
    });
  }
});
