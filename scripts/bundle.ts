import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Plugin, rolldown } from "rolldown";
import { bundleSbom } from "./bundle-sbom.ts";

// Makes the published server of packages/registry: one file, what is loaded on use in files beside it, the licences of all that is
// in them, and a list of it; or into another folder: bundle.ts [FOLDER]. See docs/decisions/0015-bundled-server.md
const FOLDER = process.argv[2] ?? "packages/registry/dist";

/**
 * What Fastify loads for what the service does not ask of it: HTTP/2, whose module takes 4 MB, and the compilers and the injector that it
 * was told to go without, half a megabyte of source.
 */
const UNUSED = new Set([
  "node:http2",
  "@fastify/ajv-compiler",
  "@fastify/fast-json-stringify-compiler",
  "light-my-request",
]);
const NOTHING = "\0nothing";
const leavesOutUnused: Plugin = {
  name: "leaves out what is unused",
  resolveId: (id, importer) => (UNUSED.has(id) && importer?.includes("/node_modules/fastify/") ? NOTHING : undefined),
  load: (id) => (id === NOTHING ? "module.exports = {};" : undefined),
};

/** The chunks of one program. @param name of its file */
async function bundled(input: string, name: string) {
  const build = await rolldown({
    input,
    platform: "node",
    plugins: [leavesOutUnused],
    // Not "import": a `require` would get the wrapper that a package has for ES modules. An `import` gets its own all the same.
    resolve: { conditionNames: ["executor-registry-source", "node", "default"] },
    onLog(_level, log, handle) {
      // What the resolver loads on use the service may need at once.
      if (log.code !== "INEFFECTIVE_DYNAMIC_IMPORT") handle("error", log);
    },
  });
  const { output } = await build.generate({
    // An ES module's import of node:http makes Node load its fetch too: 40 ms and 14 MB.
    format: "cjs",
    entryFileNames: `${name}.cjs`,
    chunkFileNames: "[name]-[hash].cjs",
    comments: { legal: false },
    // Libraries tell errors apart by the names of their classes, and logs show them.
    keepNames: true,
    // Names stay, for the stacks in logs.
    minify: { mangle: false, compress: true, codegen: { removeWhitespace: true } },
  });
  await build.close();
  return output.filter((file) => file.type === "chunk");
}

const SOURCE = "packages/registry/src";
const chunks = [
  ...(await bundled(`${SOURCE}/command/main.ts`, "server")),
  // A program of its own, for a thread: what it takes from the libraries costs the server nothing.
  ...(await bundled(`${SOURCE}/checks/signature/worker.ts`, "signature-worker")),
];

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
for (const { fileName, code } of chunks) writeFileSync(join(FOLDER, fileName), ascii(code));
const modules = chunks.flatMap((chunk) => Object.keys(chunk.modules));
const packages = [...new Set(modules.flatMap((id) => packageOf(id) ?? []))].sort();
writeFileSync(join(FOLDER, "THIRD-PARTY-LICENSES.txt"), licences(packages));
writeFileSync(
  join(FOLDER, "executor-registry-server.cdx.json"),
  bundleSbom("packages/registry", packages, readFileSync("package-lock.json", "utf8")),
);

/** V8 keeps a source in one byte for each character only where none is beyond Latin-1. */
function ascii(code: string): string {
  return code.replaceAll(/\P{ASCII}/gu, (character) =>
    character.replaceAll(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}

/** The folder of the package that a module is from, unless it is ours. */
function packageOf(module: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module)?.[0];
}

/** The packages' licences, each text once. */
function licences(folders: readonly string[]): string {
  const users = new Map<string, string[]>();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const files = globSync(join(folder, "{LICEN[CS]E,COPYING,NOTICE,licen[cs]e}*")).sort();
    const text = files.map((file) => readFileSync(file, "utf8").trim()).join("\n\n");
    users.set(text, [...(users.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  return [...users].map(([text, names]) => `${names.join("\n")}\n\n${text}\n`).join("\n---\n\n");
}
