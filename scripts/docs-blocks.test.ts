import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { blocksOf, type DocumentBlock, documents, sectionsOf } from "../testing/documented.ts";
import { mistakesIn } from "./dry-run.ts";
import { exampleService } from "../testing/example-service.ts";
import { type PageShell, pageShell, runsOnCluster } from "../testing/page-shell.ts";
import { freePort } from "./free-port.ts";
import { onPath } from "./tools.ts";

/** What a block may need so that it is not run here: the words of `needs=` in its fence. */
const NEEDS: Readonly<Record<string, string>> = {
  aws: "an account of AWS",
  checkout: "a clone of its own, which it installs, tests or formats",
  cluster: "a cluster, with what the page has put into it",
  cosign: "cosign",
  docker: "a Docker daemon",
  fish: "the shell fish",
  gcloud: "a project of Google Cloud",
  helm: "Helm",
  kind: "kind",
  skaffold: "Skaffold",
  syft: "syft and ORAS",
  tilt: "Tilt",
  zsh: "the shell zsh",
};

/** Pages whose blocks are run by a test that knows them one by one. */
const OWN_TESTS: Readonly<Record<string, string>> = {
  "docs/audit.md": "packages/registry/src/audit/docs.test.ts",
  "docs/capabilities.md": "packages/registry/src/capabilities-docs.test.ts",
  "docs/signing-and-scanning.md": "packages/registry/src/security-docs.test.ts",
  "docs/security.md": "packages/registry/src/security-docs.test.ts",
};

/** Pages whose blocks that need a cluster, or a cluster and Helm, are run on one, by a test that fails when one of them is left. */
const CLUSTER_TESTS: Readonly<Record<string, string>> = {
  "README.md": "scripts/docs-blocks-chart.cluster.test.ts",
  "deploy/chart/README.md": "scripts/docs-blocks-chart.cluster.test.ts",
  "deploy/examples/eks/README.md": "scripts/docs-blocks-chart.cluster.test.ts",
  "deploy/examples/gke/README.md": "scripts/docs-blocks-chart.cluster.test.ts",
  "docs/any-cluster.md": "scripts/docs-blocks-chart.cluster.test.ts",
  "docs/development.md": "scripts/docs-blocks.cluster.test.ts",
  "docs/operations.md": "scripts/docs-blocks-chart.cluster.test.ts",
  "docs/tutorial.md": "scripts/docs-blocks-tutorial.cluster.test.ts",
  "packages/cli/README.md": "scripts/docs-blocks-tutorial.cluster.test.ts",
};

/** All other blocks with `needs=`, by what they need: of these only commands, flags and files are checked. */
const NOT_RUN: Readonly<Record<string, readonly string[]>> = {
  "CONTRIBUTING.md": ["checkout"],
  "README.md": ["checkout", "kind,skaffold"],
  "deploy/examples/eks/README.md": ["aws", "aws", "aws"],
  "deploy/examples/gke/README.md": ["gcloud", "gcloud"],
  "docs/any-cluster.md": ["checkout", "docker", "docker"],
  "docs/cli.md": ["checkout", "zsh", "fish"],
  "docs/development.md": ["kind,skaffold", "skaffold", "docker,kind"],
  "docs/server.md": ["checkout"],
  "docs/tutorial.md": ["kind", "skaffold"],
  "packages/cli/README.md": ["checkout"],
  "packages/resolver/README.md": ["checkout"],
};

/** What the blocks of a page find besides the service of every page. Blocks are changed as `adapt` says before they are run. */
interface Rig {
  /** Settings of the service. */
  readonly settings?: (folder: string) => string;
  /** Puts files into the folder. */
  readonly prepare?: (folder: string, url: string) => Promise<void>;
  readonly adapt?: (block: string, folder: string) => string;
}

const RIGS: Readonly<Record<string, Rig>> = {
  "docs/operations.md": {
    prepare: (folder) => writeFile(join(folder, "registry.yaml"), `store: sqlite:${folder}/new.db\nsources: []\n`),
  },
  "docs/server.md": {
    async prepare(folder, url) {
      const { hostname, port } = new URL(url);
      await writeFile(join(folder, "registry.yaml"), `listen: { host: ${hostname}, port: ${port} }\nsources: []\n`);
      await writeFile(join(folder, "reader-token"), TOKEN);
    },
  },
  "docs/pins.md": { adapt: (block) => block.replace('"s26"', "*") },
  "docs/production.md": await production(),
  "docs/stores.md": {
    settings: (folder) => `store: sqlite:${folder}/catalogue.db`,
    async prepare(folder) {
      for (const [file, store] of Object.entries({ registry: "catalogue", new: "new" })) {
        await writeFile(join(folder, `${file}.yaml`), `store: sqlite:${folder}/${store}.db\nsources: []\n`);
      }
    },
    adapt: (block, folder) => block.replaceAll("/var/lib/executor-registry/", `${folder}/`),
  },
};

/** The first configuration of the page, but for its registry, and another port than one that may be taken. */
async function production(): Promise<Rig> {
  const [first] = (await sectionsOf("docs/production.md")).flatMap(({ configurations }) => configurations);
  const port = await freePort();
  return {
    prepare: (folder) =>
      writeFile(
        join(folder, "registry.yaml"),
        `listen: { port: ${port} }\n${first}`
          .replace("/var/lib/executor-registry/", `${folder}/`)
          .replace("kind: oci\n    host: registry.example.com\n", "kind: oci-layout\n")
          .replace('repositories: ["team/executor-*"]', `path: ${resolve("examples/layout")}`),
      ),
    adapt: (block) => block.replaceAll("localhost:8080", `localhost:${port}`),
  };
}

const TOKEN = "token-of-a-reader";
const wordsAfter = (name: string, info: readonly string[]): readonly string[] =>
  info.flatMap((word) => (word.startsWith(`${name}=`) ? word.slice(name.length + 1).split(",") : []));
const isRun = ({ language, info }: DocumentBlock): boolean => language === "sh" && info.length === 0;
/** The files that a page shows: their name is in the line before, or in a comment in the first line. */
const filesIn = (markdown: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...markdown.matchAll(/(?:`([\w.-]+\.yaml)`[^\n]*\n\n```yaml\n|```yaml\n# ([\w.-]+\.yaml)\n)(.*?)```/gs)].map(
      ([, named, commented, shown = ""]) => [named ?? commented ?? "", shown],
    ),
  );
const HELP = `Such a block is run as a reader would: in an empty folder, with curl failing on an error's status, and with EXECUTOR_REGISTRY_URL
and EXECUTOR_REGISTRY_TOKEN_FILE of a service that has examples/layout. Where it needs more, say so in its fence:
\`\`\`sh needs=NAME with ${Object.keys(NEEDS).join(", ")}, or several with commas. Where it needs files, give the page a rig in
scripts/docs-blocks.test.ts.`;

describe("a block of commands", () => {
  for (const page of documents) {
    const text = readFileSync(page, "utf8");
    const earlier: string[] = [];
    for (const block of blocksOf(text)) {
      const { language, info, line } = block;
      const place = `${page}:${line}`;
      assert.ok(!/^(bash|shell|zsh|js|javascript|typescript)$/.test(language), `${place}: call it sh, console or ts`);
      const lines =
        language === "console" ? [...block.text.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command) : [block.text];
      if (language !== "sh" && language !== "console") continue;
      const needs = wordsAfter("needs", info);
      const isOfFish = needs.includes("fish");
      const before = [...earlier];
      if (!isOfFish) earlier.push(...lines.map(String));
      test(`has commands and flags that exist, and names what it needs: ${place}`, () => {
        if (!isOfFish) assert.deepEqual(mistakesIn(lines.join("\n"), before, filesIn(text)), []);
        const unknown = needs.filter((name) => NEEDS[name] === undefined);
        assert.deepEqual(unknown, [], `needs= takes ${Object.keys(NEEDS).join(", ")}; add what is missing here`);
        assert.equal(info.length, needs.length === 0 ? 0 : 1, HELP);
      });
    }
  }
});

test("no block of commands is left out of the tests but those that are listed", () => {
  const left = documents.flatMap((page) => {
    const blocks = blocksOf(readFileSync(page, "utf8")).filter(({ language }) => language === "sh");
    const notRun = blocks.filter((block) => !isRun(block) && !(runsOnCluster(block) && page in CLUSTER_TESTS));
    return notRun.length === 0 ? [] : [[page, notRun.map(({ info }) => wordsAfter("needs", info).join())]];
  });
  assert.deepEqual(Object.fromEntries(left), NOT_RUN, "run it, or say in NOT_RUN that it is not");
});

test("the tests that know the blocks of a page one by one are there", () => {
  for (const [page, file] of [...Object.entries(OWN_TESTS), ...Object.entries(CLUSTER_TESTS)]) {
    assert.ok(existsSync(file) && readFileSync(file, "utf8").includes(`"${page}"`), `${file} does not know ${page}`);
  }
});

const missing = ["bash", "curl", "openssl"].filter((program) => !onPath(program));
const skip = missing.length > 0 && `not on the PATH: ${missing.join(", ")}`;

for (const page of documents.filter((name) => OWN_TESTS[name] === undefined)) {
  const blocks = blocksOf(readFileSync(page, "utf8")).filter(isRun);
  if (blocks.length === 0) continue;
  describe(`commands of ${page}`, { skip }, () => {
    const { settings, prepare, adapt } = RIGS[page] ?? {};
    let shell: PageShell;
    let service: Awaited<ReturnType<typeof exampleService>>;
    before(async () => {
      shell = await pageShell(page);
      const auth = `auth: { tokens: [{ name: reader, role: operator, sha256: ${hash("sha256", TOKEN, "hex")} }] }`;
      service = await exampleService(`${auth}\n${settings?.(shell.folder) ?? ""}`);
      await writeFile(join(shell.folder, "token"), TOKEN);
      await prepare?.(shell.folder, service.url);
    });
    after(() => Promise.all([service[Symbol.asyncDispose](), shell[Symbol.asyncDispose]()]));

    for (const { line, text } of blocks) {
      test(`do what they say, line ${line}`, async () => {
        const environment = {
          EXECUTOR_REGISTRY_URL: service.url,
          EXECUTOR_REGISTRY_TOKEN_FILE: join(shell.folder, "token"),
          TOKEN,
        };
        await shell.run(adapt?.(text, shell.folder) ?? text, environment).catch((error: unknown) => {
          const { stdout, stderr } = error as { readonly stdout?: string; readonly stderr?: string };
          assert.fail(`${page}:${line}: ${String(error)}\n${stdout}\n${stderr}\n${HELP}`);
        });
      });
    }
  });
}
