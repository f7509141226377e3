import type { KeyObject } from "node:crypto";
import { createReadStream } from "node:fs";
import { ConfigurationError } from "../contract/resolver-errors.ts";
import { isObject } from "../tools/json.ts";
import { readRegularFile } from "../tools/regular-file.ts";
import type { ChainedEntry } from "./chain.ts";
import { brokenExport, type ChainCheck, checkEntry } from "./chain-check.ts";
import { publicNoteKey } from "./signed-note.ts";

/** Characters of a line. */
const MAX_LINE = 32 << 20;
const MAX_KEY_BYTES = 64 << 10;

/**
 * The entries of an exported journal, one JSON object a line, each once it holds. What is repeated comes once.
 * @param source a file, or what is read from somewhere else
 * @throws ExecutorRegistryError code `broken-journal`, naming the first entry that does not hold, or the line that is no entry; code
 * `configuration` for a file that cannot be read
 */
export async function* verifiedExport(
  source: string | AsyncIterable<Uint8Array>,
  check: ChainCheck,
  signal: AbortSignal,
): AsyncGenerator<ChainedEntry> {
  let number = 0;
  for await (const line of linesIn(chunksOf(source, signal))) {
    number += 1;
    if (line === "" || line === "\n") continue;
    const entry = entryIn(line);
    if (entry === undefined) {
      const cut = line.endsWith("\n") ? "" : "; it has no end, so the export is not whole";
      throw brokenExport(`line ${number} is no entry of a journal${cut}`);
    }
    const before = check.findings.head.sequence;
    checkEntry(entry, check, `line ${number}: `);
    if (check.findings.head.sequence > before) yield entry;
  }
}

/** Takes all entries of an exported file. @throws as {@link verifiedExport} does */
export async function checkExport(file: string, check: ChainCheck, signal: AbortSignal): Promise<void> {
  for await (const _ of verifiedExport(file, check, signal));
}

function entryIn(line: string): ChainedEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { sequence, at, change, previous, hash } = value;
  if (!Number.isSafeInteger(sequence) || typeof previous !== "string" || typeof hash !== "string") return undefined;
  if (typeof at !== "string" || !isObject(change) || typeof change["kind"] !== "string") return undefined;
  return value as unknown as ChainedEntry;
}

async function* chunksOf(source: string | AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const file = typeof source === "string";
  try {
    yield* file ? (createReadStream(source, { signal }) as AsyncIterable<Uint8Array>) : source;
  } catch (error) {
    signal.throwIfAborted();
    throw unreadable(file ? source : "standard input", error);
  }
}

const unreadable = (file: string, error: unknown): ConfigurationError =>
  new ConfigurationError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);

/** @param files of public keys, in PEM @throws ConfigurationError */
export async function readPublicKeys(files: readonly string[]): Promise<readonly KeyObject[]> {
  return Promise.all(
    files.map(async (file) => {
      try {
        return publicNoteKey((await readRegularFile(file, MAX_KEY_BYTES)).toString());
      } catch (error) {
        throw unreadable(file, error);
      }
    }),
  );
}

/** Lines with what ends them; the last one may have no end. */
async function* linesIn(text: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of text) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield `${line}\n`;
    if (rest.length > MAX_LINE) throw brokenExport(`a line is longer than ${MAX_LINE} characters`);
  }
  yield rest + decoder.decode();
}
