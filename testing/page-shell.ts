import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, symlinkSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { blocksOf, type DocumentBlock, shellIn, writeProgram } from "./documented.ts";

/** Whether a block needs a cluster, and nothing that a test with a cluster cannot have. */
export const runsOnCluster = ({ language, info }: DocumentBlock): boolean =>
  language === "sh" && /^needs=(?:helm,)?cluster$/.test(info.join(" "));

/** The blocks of a page that a test on a cluster runs. */
export interface ClusterBlocks {
  /** Those that were not taken yet. */
  readonly left: ReadonlySet<string>;
  /** The one block that has this text. */
  take(text: string): string;
}

/** Reads the blocks of a page that need a cluster. */
export function clusterBlocks(page: string): ClusterBlocks {
  const left = new Set(
    blocksOf(readFileSync(page, "utf8"))
      .filter(runsOnCluster)
      .map(({ text }) => text),
  );
  return {
    left,
    take(text) {
      const found = [...left].filter((block) => block.includes(text));
      assert.equal(found.length, 1, `${page}: ${text}`);
      const [block = ""] = found;
      left.delete(block);
      return block;
    },
  };
}

/** A folder of a reader, in which blocks of commands are carried out one after another. */
export interface PageShell extends AsyncDisposable {
  readonly folder: string;
  /** Runs a block by bash, in a shell of its own, and gives what it prints. @throws when a command fails */
  run(block: string, environment: Readonly<Record<string, string>>): Promise<string>;
}

/**
 * A folder with our own commands from this source, and with the folders of the repository that commands name. curl fails on an error's
 * status, npm runs the scripts of the repository, and `executor-registry-server serve` goes on in the background once it is ready.
 */
export async function pageShell(name: string): Promise<PageShell> {
  const folder = mkdtempSync(join(tmpdir(), `${name.replaceAll(/\W+/g, "-")}-`));
  const shell = await shellIn(folder);
  for (const shared of ["deploy", "examples"]) symlinkSync(resolve(shared), join(folder, shared));
  const found = (program: string): string => {
    const places = (process.env["PATH"] ?? "").split(delimiter).map((place) => join(place, program));
    return places.find((place) => existsSync(place)) ?? "";
  };
  await writeProgram(join(folder, "curl"), `exec ${found("curl")} --fail "$@"`);
  await writeProgram(
    join(folder, "npm"),
    `[ "$1" = run ] || { echo "npm $1 would change the repository" >&2; exit 1; }
exec ${found("npm")} --prefix "${resolve(".")}" "$@"`,
  );
  const server = join(folder, "executor-registry-server");
  const [, command = ""] = readFileSync(server, "utf8").split("\n");
  await writeProgram(
    server,
    `[ "$1" = serve ] || ${command}
(${command}) >> serve.log 2>&1 &
echo $! >> serving
ready() {
  url=$(sed -n 's/.*"url":"\\([^"]*\\)".*"msg":"listening".*/\\1/p' serve.log)
  [ -n "$url" ] && curl -sf -o ready "$url/readyz"
}
until ready; do kill -0 $! || { cat serve.log >&2; exit 1; }; sleep 0.1; done`,
  );
  return {
    folder,
    async run(block, environment) {
      await writeFile(join(folder, "block.sh"), block);
      return shell("exec bash -eu -o pipefail block.sh", environment);
    },
    async [Symbol.asyncDispose]() {
      const serving = join(folder, "serving");
      for (const pid of existsSync(serving) ? readFileSync(serving, "utf8").trim().split("\n") : []) {
        try {
          process.kill(Number(pid), "SIGKILL");
        } catch {
          // It ended by itself.
        }
      }
      await rm(folder, { recursive: true });
    },
  };
}
