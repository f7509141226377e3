import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A fenced block of a document. */
export interface DocumentBlock {
  /** The first word after the fence: `sh`, `ts`. Empty where there is none. */
  readonly language: string;
  /** The other words, such as `needs=gcloud`. */
  readonly info: readonly string[];
  /** The number of the line on which the fence is. */
  readonly line: number;
  readonly text: string;
}

/** Every document of the repository, by its path from the root. */
export const documents: readonly string[] = globSync("**/*.md", {
  exclude: (path) => /(?:^|\/)(?:node_modules|dist|\.[^/]+)$/.test(path),
}).sort();

/** The fenced blocks of a document, in order. */
export function blocksOf(markdown: string): readonly DocumentBlock[] {
  return [...markdown.matchAll(/^( *)```([^`\n]*)\n(.*?)^\1```$/gms)].map((found) => {
    const [, indent = "", fence = "", text = ""] = found;
    const [language = "", ...info] = fence.trim().split(/ +/);
    const line = markdown.slice(0, found.index).split("\n").length;
    return { language, info, line, text: text.replaceAll(new RegExp(`^${indent}`, "gm"), "") };
  });
}

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
    await writeProgram(join(folder, name), `exec "${process.execPath}" ${flags} "${resolve(main)}" "$@"`);
  }
  return async (commands, environment = {}) => {
    const env = { ...process.env, PATH: `${folder}:${process.env["PATH"]}`, ...environment };
    return (await run("sh", ["-ec", commands], { cwd: folder, env, timeout: 120_000 })).stdout;
  };
}

/** Writes a program for a shell. */
export async function writeProgram(file: string, script: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}
