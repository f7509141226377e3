import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { DEFAULT_TEMPLATE, parseTemplate } from "../reference/template.ts";
import type { Source } from "../sources/source.ts";
import { readLayout } from "./layout-image.ts";
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
    ["are those of the future", "2026-05-01T00:00:00Z", "9000-01-01T00:00:00Z"],
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

  test("images without a name belong to no type", async (t) => {
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
  ];
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

describe("red-14: one entry of a layout that cannot be used", () => {
  const blobFile = ({ folder, manifests }: Layout): string =>
    join(folder, "blobs", "sha256", manifests.at(-1)?.digest.slice(7) ?? "");
  const chart = (layout: Layout): Descriptor => {
    const config = layout.blob("application/vnd.cncf.helm.config.v1+json", { name: "ml" });
    return layout.blob(MANIFEST, { schemaVersion: 2, config, layers: [] });
  };
  const attestations = (layout: Layout): Descriptor => {
    const attestation = {
      ...layout.blob(MANIFEST, {}),
      annotations: { "vnd.docker.reference.type": "attestation-manifest" },
    };
    return layout.blob(INDEX, { schemaVersion: 2, manifests: [attestation] });
  };
  const second = (layout: Layout): Layout =>
    layout.add("executor-ml:2", layout.image("2026-06-01T00:00:00Z", "second"));
  const damages: readonly (readonly [string, (layout: Layout) => void, RegExp])[] = [
    ["a Helm chart", (layout) => layout.add("executor-ml:chart", chart(layout)), /executor-ml:chart is no image/],
    [
      "an index of attestations alone",
      (layout) => layout.add("executor-ml:att", attestations(layout)),
      /executor-ml:att is no image/,
    ],
    [
      "a digest that would leave the folder",
      (layout) => {
        layout.manifests.push({ mediaType: MANIFEST, digest: "sha256:../../../../etc/passwd", size: 1 });
        layout.write();
      },
      /descriptor without media type, digest or size/,
    ],
    ["a missing blob", (layout) => rmSync(blobFile(second(layout))), /executor-ml:2 cannot be read: .*no such file/],
    [
      "a blob of other content",
      (layout) => {
        const file = blobFile(second(layout));
        writeFileSync(file, readFileSync(file, "utf8").replace("2", "3"));
      },
      /its content has digest sha256:/,
    ],
    [
      "a blob that is too large",
      (layout) => writeFileSync(blobFile(second(layout)), Buffer.alloc((4 << 20) + 1)),
      /more than 4194304/,
    ],
    [
      "a named pipe in place of a blob",
      (layout) => {
        const file = blobFile(second(layout));
        rmSync(file);
        execFileSync("mkfifo", [file]);
      },
      /it is not a regular file/,
    ],
    [
      "an index that means millions of manifests",
      (layout) => {
        let nested = layout.image("2026-06-01T00:00:00Z", "nested");
        for (const times of [2000, 2000]) {
          nested = layout.blob(INDEX, { schemaVersion: 2, manifests: Array.from({ length: times }, () => nested) });
        }
        layout.add("executor-ml:2", nested);
      },
      /it holds more than 1000 manifests/,
    ],
    [
      "a link to a device in place of a blob",
      (layout) => {
        const file = blobFile(second(layout));
        rmSync(file);
        symlinkSync("/dev/zero", file);
      },
      /it is not a regular file/,
    ],
  ];
  for (const [what, damage, message] of damages) {
    test(`${what}: keeps no image from being found, and is named`, async (t) => {
      const layout = new Layout(t);
      const good = layout.image("2026-05-01T00:00:00Z");
      layout.add("executor-ml:1", good);
      damage(layout);
      const source = await layout.open();
      assert.equal(source.status().state, "ready");
      assert.equal(source.find("ml")?.digest, good.digest);
      assert.match(source.notes?.().join("\n") ?? "", message);
    });
  }

  test("that is no executor is not looked at", async (t) => {
    const layout = new Layout(t);
    layout.add("executor-ml:1", layout.image("2026-05-01T00:00:00Z"));
    layout.add("tools/other:1", layout.image("2026-06-01T00:00:00Z", "other"));
    rmSync(blobFile(layout));
    const source = await layout.open();
    assert.deepEqual([source.find("ml")?.version, source.notes?.()], ["1", []]);
  });

  test("an index of which a child is missing is described by the child that is there", async (t) => {
    const layout = new Layout(t);
    const gone = { ...layout.image("2026-05-01T00:00:00Z", "gone"), platform: { os: "linux", architecture: "amd64" } };
    const there = { ...layout.image("2026-05-01T00:00:00Z"), platform: { os: "linux", architecture: "arm64" } };
    layout.add("executor-ml:1", layout.blob(INDEX, { schemaVersion: 2, manifests: [gone, there] }));
    rmSync(join(layout.folder, "blobs", "sha256", gone.digest.slice(7)));
    const { images } = await readLayout(layout.folder);
    assert.deepEqual(
      images.map(({ platforms }) => platforms),
      [["linux/arm64"]],
    );
  });

  test("an index in an index is followed", async (t) => {
    const layout = new Layout(t);
    const inner = layout.blob(INDEX, { schemaVersion: 2, manifests: [layout.image("2026-05-01T00:00:00Z")] });
    layout.add("executor-ml:1", layout.blob(INDEX, { schemaVersion: 2, manifests: [inner] }));
    assert.equal((await layout.open()).find("ml")?.version, "1");
  });
});
