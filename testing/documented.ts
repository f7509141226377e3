import { execFile } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a document shows under one heading. */
export interface DocumentSection {
  readonly heading: string;
  /** The blocks of commands. */
  readonly commands: readonly string[];
  readonly configurations: readonly string[];
}

/** A document's sections; the first one is what stands before all headings. */
export async function sectionsOf(document: string): Promise<readonly DocumentSection[]> {
  const blocks = (text: string, language: string): string[] =>
    [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map(([, block = ""]) => block.trim());
  return (await readFile(document, "utf8")).split(/^## /m).map((text) => ({
    heading: text.split("\n")[0] ?? "",
    commands: blocks(text, "sh"),
    configurations: blocks(text, "yaml"),
  }));
}

/** Runs commands of a document as a shell does, and gives what they print. @throws when one of them fails */
export type Shell = (commands: string, environment?: Readonly<Record<string, string>>) => Promise<string>;

/** A shell in a folder, in which our own commands are those of this source. */
export async function shellIn(folder: string): Promise<Shell> {
  for (const [name, main] of [
    ["executor-registry", "packages/cli/src/main.ts"],
    ["executor-registry-server", "packages/registry/src/command/main.ts"],
  ] as const) {
    const flags = "--conditions=executor-registry-source --disable-warning=ExperimentalWarning";
    await writeFile(join(folder, name), `#!/bin/sh\nexec "${process.execPath}" ${flags} "${resolve(main)}" "$@"\n`);
    await chmod(join(folder, name), 0o755);
  }
  return async (commands, environment = {}) => {
    const env = { ...process.env, PATH: `${folder}:${process.env["PATH"]}`, ...environment };
    return (await run("sh", ["-ec", commands], { cwd: folder, env, timeout: 120_000 })).stdout;
  };
}
