import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

// Writes examples/layout: an OCI image layout of a few tiny executors, as `skopeo copy … oci:examples/layout:NAME` would.
// The same bytes each time, so that a change shows as one. Run it with `node examples/build-layout.ts`.

interface Example {
  readonly name: string;
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
}

const TITLE = "org.opencontainers.image.title";
const CAPABILITIES = "executor-registry.dev/capabilities";

const EXAMPLES: readonly Example[] = [
  {
    name: "executor-ml:1.3.0",
    created: "2026-09-14T08:30:00Z",
    labels: { [TITLE]: "Machine learning", [CAPABILITIES]: "cpu" },
  },
  {
    name: "executor-ml:1.4.0",
    created: "2026-11-02T16:05:41Z",
    labels: { [TITLE]: "Machine learning", [CAPABILITIES]: "cpu,cuda" },
  },
  {
    name: "executor-ml:1.3.1",
    created: "2026-09-30T11:12:09Z",
    labels: { [TITLE]: "Machine learning", [CAPABILITIES]: "cpu" },
  },
  {
    name: "executor-nlp:2026-10-19",
    created: "2026-10-19T07:45:00Z",
    labels: { [TITLE]: "Language", [CAPABILITIES]: "cpu" },
  },
  {
    name: "executor-nlp:2026-11-20",
    created: "2026-11-20T09:15:30Z",
    labels: { [TITLE]: "Language", [CAPABILITIES]: "cpu" },
  },
  { name: "executor-etl:0.9.2", created: "2026-06-01T12:00:00Z", labels: { [TITLE]: "Extract, transform, load" } },
  {
    name: "my-executor-ml-cache:7",
    created: "2026-11-22T10:00:00Z",
    labels: { [TITLE]: "No executor: its name only looks like one" },
  },
];

/** Writes the layout into a folder that is emptied first. */
export function buildLayout(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  const blobs = join(directory, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType: string, bytes: Buffer): { mediaType: string; digest: string; size: number } => {
    const hex = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const manifests = EXAMPLES.map(({ name, created, labels }) => {
    const tar = tarOf("executor", `#!/bin/sh\necho "${name} built ${created}: $*"\n`);
    const layer = put("application/vnd.oci.image.layer.v1.tar+gzip", gzipped(tar));
    const config = put(
      "application/vnd.oci.image.config.v1+json",
      json({
        created,
        architecture: "amd64",
        os: "linux",
        config: { User: "65532", Entrypoint: ["/executor"], Labels: labels },
        rootfs: { type: "layers", diff_ids: [`sha256:${createHash("sha256").update(tar).digest("hex")}`] },
        history: [{ created, created_by: "examples/build-layout.ts" }],
      }),
    );
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = put(mediaType, json({ schemaVersion: 2, mediaType, config, layers: [layer] }));
    return { ...manifest, annotations: { "org.opencontainers.image.ref.name": name } };
  });
  writeFileSync(join(directory, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
  const mediaType = "application/vnd.oci.image.index.v1+json";
  writeFileSync(join(directory, "index.json"), json({ schemaVersion: 2, mediaType, manifests }));
}

const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);

function gzipped(bytes: Buffer): Buffer {
  // Stored, not compressed: the bytes then depend on no version of zlib. Byte 9 names the operating system; 255 is "unknown".
  const zipped = gzipSync(bytes, { level: 0 });
  zipped[9] = 255;
  return zipped;
}

/** A tar archive of one executable file. @see https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html (ustar) */
function tarOf(name: string, content: string): Buffer {
  const bytes = Buffer.from(content);
  const header = Buffer.alloc(512);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, "0")}\0`;
  header.write(name, 0);
  header.write(octal(0o755, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(bytes.length, 12), 124);
  header.write(octal(0, 12), 136);
  header.write("        0", 148);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const padding = Buffer.alloc((512 - (bytes.length % 512)) % 512);
  return Buffer.concat([header, bytes, padding, Buffer.alloc(1024)]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildLayout(join(import.meta.dirname, "layout"));
