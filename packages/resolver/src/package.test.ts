import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { tmpdir } from "node:os";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { kubernetesServer } from "../../../testing/kubernetes-server.ts";
import { registryDouble } from "../../../testing/registry-double.ts";

const run = promisify(execFile);
const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const ROOT = join(PACKAGE, "..", "..");
/**
 * Kilobytes of the packed package, compressed. A dispatcher's image carries it, with the parsers, the client of all operations and the
 * tools that the command line uses. The client took 3 kB when it moved here, so that there is one alone, and what verifies an exported
 * journal 8 kB, which service and command line share. Pins and policies took 4 kB, capabilities and what is needed of them 6 kB.
 */
const LIMIT = 180;

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

test("the package has no runtime dependency, and only optional peers", async () => {
  const manifest = JSON.parse(await readFile(join(PACKAGE, "package.json"), "utf8")) as Manifest;
  assert.deepEqual(manifest.dependencies ?? {}, {});
  for (const peer of Object.keys(manifest.peerDependencies ?? {}))
    assert.equal(manifest.peerDependenciesMeta?.[peer]?.optional, true, peer);
});

describe("the package as published", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "resolver-package-"));
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const dist = join(folder, "dist");
    const project = ["-p", join(PACKAGE, "tsconfig.build.json")];
    await run(process.execPath, [tsc, ...project, "--outDir", dist, "--tsBuildInfoFile", join(dist, ".tsbuildinfo")]);
    await cp(join(PACKAGE, "package.json"), join(folder, "package.json"));
  });
  after(() => rm(folder, { recursive: true }));

  for (const entry of ["index.js", "kubernetes/index.js"]) {
    test(`${entry} loads nothing but Node's own modules and its own files`, async () => {
      const foreign = await foreignImports(join(folder, "dist", entry));
      assert.deepEqual(foreign, [], "a heavy dependency is loaded on use, not with the module");
    });
  }

  test(`has at most ${LIMIT} kB`, async (t) => {
    const { stdout } = await run("npm", ["pack", "--dry-run", "--json"], { cwd: folder });
    const [{ size, files } = { size: Number.NaN, files: [] }] = JSON.parse(stdout) as PackResult[];
    t.diagnostic(`${(size / 1000).toFixed(1)} kB in ${files.length} files`);
    assert.ok(size <= LIMIT * 1000, `${size} bytes`);
    assert.deepEqual(
      files.map(({ path }) => path).filter((path) => /test|buildinfo/.test(path)),
      [],
    );
  });

  test("resolves on Node 20, without anything installed", async (t) => {
    const node = await nodeOf(20);
    if (!node) return t.skip("no node with major version 20 on the PATH");
    await using server = await kubernetesServer();
    server.put("executors", { data: { ml: "executor-ml:1" } });
    await using registry = await registryDouble();
    registry.know({ ml: "executor-ml:1.0" });
    const program = join(folder, "program.mjs");
    const layout = join(ROOT, "examples", "layout");
    await writeFile(
      program,
      `import { createResolver } from ${JSON.stringify(pathToFileURL(join(folder, "dist", "index.js")))};
       import { connect } from ${JSON.stringify(pathToFileURL(join(folder, "dist", "kubernetes", "index.js")))};
       const kubeConfig = {
         contexts: [{ name: "double" }],
         getCurrentContext: () => "double",
         getContextObject: () => null,
         getCurrentCluster: () => ({ server: ${JSON.stringify(server.url.href)} }),
         applyToHTTPSOptions: async () => {},
       };
       const environment = "development";
       const cluster = createResolver({ environment, kubernetes: await connect({ kubeConfig }), sources: ["configmap"] });
       const folder = createResolver({ environment, layout: ${JSON.stringify(layout)} });
       const service = createResolver({ environment: "production", registry: { url: ${JSON.stringify(registry.url)} } });
       const answers = [await cluster.resolve("ml"), await service.resolve("ml"), ...(await folder.list())];
       await Promise.all([cluster.close(), service.close(), folder.close()]);
       console.log(JSON.stringify([process.versions.node, answers.map(({ type, source }) => [type, source])]));
       process.exit();`,
    );
    const { stdout } = await run(node, [program], { env: {}, timeout: 20_000 });
    const [version, answers] = JSON.parse(stdout) as [string, [string, string][]];
    t.diagnostic(`ran on Node ${version}`);
    assert.deepEqual(answers.slice(0, 2), [
      ["ml", "configmap"],
      ["ml", "registry"],
    ]);
    assert.ok(answers.some(([, source]) => source === "oci-layout"));
  });
});

interface PackResult {
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** What the emitted module and all it loads statically imports from elsewhere. */
async function foreignImports(entry: string): Promise<string[]> {
  const seen = new Set<string>([entry]);
  const foreign = new Set<string>();
  for (const file of seen) {
    const text = await readFile(file, "utf8");
    for (const [, from] of text.matchAll(/^(?:import|export)\s(?:[^"';]*?\sfrom\s)?["']([^"']+)["'];/gm)) {
      if (from?.startsWith(".")) seen.add(join(file, "..", from));
      else if (from && !from.startsWith("node:")) foreign.add(`${file}: ${from}`);
    }
  }
  assert.ok(seen.size > 10, "the closure was followed");
  return [...foreign];
}

/** The first `node` of a major version on the PATH. */
async function nodeOf(major: number): Promise<string | undefined> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const found = await run(join(folder, "node"), ["--version"]).catch(() => undefined);
    if (found?.stdout.startsWith(`v${major}.`)) return join(folder, "node");
  }
  return undefined;
}
