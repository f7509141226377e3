import assert from "node:assert/strict";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { chownSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { type BuiltImage, buildImage, noImageBuild, noImagePack, packImage } from "../testing/image-build.ts";
import { runImage } from "../testing/image-run.ts";
import { servingAs } from "../testing/serving.ts";

const LIMIT_BYTES = 120_000_000;

describe("the image of the service", { skip: noImageBuild }, () => {
  let image: BuiltImage;
  let folder: string;
  before(async () => {
    image = await buildImage("deploy/Dockerfile");
    folder = await mkdtemp(join(tmpdir(), "image-test-"));
  });
  after(async () => {
    image[Symbol.dispose]();
    await rm(folder, { recursive: true });
  });

  test("holds Node, the program and its licences, and nothing that it was built with", () => {
    const files = globSync("app/**/*", { cwd: image.root }).map((file) => file.slice("app/".length));
    const kinds = new Set(files.filter((file) => file.includes(".")).map((file) => file.replace(/.*\/.*?\./, ".")));
    assert.deepEqual([...kinds].sort(), [".cdx.json", ".cjs", ".txt"]);
    for (const path of ["src", "bin/sh", "usr/bin/sh", "root/.npm", "usr/local/lib"]) {
      assert.deepEqual(globSync(path, { cwd: image.root }), [], path);
    }
  });

  test("names the packages in it, for scanners", () => {
    const text = readFileSync(join(image.root, "app/dist/executor-registry-server.cdx.json"), "utf8");
    const { components } = JSON.parse(text) as {
      components: readonly { readonly purl: string; readonly hashes: object[] }[];
    };
    const { dependencies } = JSON.parse(readFileSync("node_modules/fastify/package.json", "utf8"));
    for (const name of ["fastify", ...Object.keys(dependencies).filter((one) => one === "avvio" || one === "pino")]) {
      const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
      const found = components.find(({ purl }) => purl === `pkg:npm/${name}@${version}`);
      assert.equal(found?.hashes.length, 1, name);
    }
  });

  test("is small enough", { skip: noImagePack }, async (context) => {
    const bytes = await packImage(image, "executor-registry:test", join(folder, "image.tar"));
    context.diagnostic(`compressed: ${(bytes / 1e6).toFixed(1)} MB`);
    assert.ok(bytes < LIMIT_BYTES, `${bytes} bytes`);
  });

  test("says its version", async () => {
    const child = runImage(image, [], ["--version"]);
    let output = "";
    child.stdout?.on("data", (chunk) => (output += String(chunk)));
    const [code] = await once(child, "close");
    assert.equal(code, 0);
    assert.equal(output.trim(), JSON.parse(readFileSync("packages/registry/package.json", "utf8")).version);
  });

  test("serves as its user with a read-only root, and writes to its store alone", async () => {
    const state = await mkdtemp(join(folder, "state-"));
    const configuration = await mkdtemp(join(folder, "configuration-"));
    chownSync(state, 65_532, 65_532);
    const text = `
listen: { host: 127.0.0.1, port: 0 }
store: sqlite:/var/lib/executor-registry/catalogue.db
sources: [{ name: examples, kind: oci-layout, path: /layout }]
`;
    await writeFile(join(configuration, "registry.yaml"), text);
    // mkdtemp makes it for its owner alone.
    chownSync(configuration, 65_532, 65_532);
    const child = runImage(image, [
      { from: configuration, to: "/etc/executor-registry" },
      { from: state, to: "/var/lib/executor-registry", writable: true },
      { from: resolve("examples/layout"), to: "/layout" },
    ]);
    await using service = await servingAs(child);
    const answer = (await (await fetch(`${service.url}/executors/ml`)).json()) as { image: string };
    assert.match(answer.image, /@sha256:/);
    assert.ok((await readdir(state)).includes("catalogue.db"));
    service.signal("SIGTERM");
    assert.deepEqual(await service.ended, { code: 0, signal: null });
  });
});
