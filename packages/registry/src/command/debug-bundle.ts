import { arch, cpus, freemem, release, totalmem, type as platform } from "node:os";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { ConfigurationError, VERSION } from "@executor-registry/resolver";
import { escaped, linesOf, parseBaseUrls, readRegularFile } from "@executor-registry/resolver/internal";
import { createTar } from "nanotar";
import { stringify } from "yaml";
import { effectiveConfig } from "../config/effective-config.ts";
import { readConfig } from "../config/load-config.ts";
import { parseConfig } from "../config/parse-config.ts";
import { readBounded } from "../net/bounded-fetch.ts";
import { proxiedFetch } from "../net/proxied-fetch.ts";
import { checkConfig } from "../supervisor/check-config.ts";
import type { ProcessIo } from "./process-io.ts";
import { type Redact, redaction } from "./redact.ts";
import { writeWhole } from "./whole-file.ts";

/** Entries of the journal, the newest. */
const ENTRIES = 200;
/** Most bytes of one answer. */
const MAX_ANSWER_BYTES = 16 << 20;
const ANSWER_MS = 10_000;
const MAX_TOKEN_BYTES = 64 << 10;

/** What is asked of the service, by the file of the bundle that it goes into. */
const ANSWERS = {
  "health.json": "health",
  "metrics.txt": "metrics",
  "journal.json": `journal?limit=${ENTRIES}`,
} as const;

interface BundleOptions {
  /** The configuration's file. @throws UsageError where there is none */
  file(): string;
  /** The service's base URL; that of the configuration when absent. */
  readonly url?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly output?: string | undefined;
  /** Replaces a file that is there. */
  readonly force: boolean;
}

/** What one of the bundle's files says, or why it is not there. */
type Collected = { readonly text: string } | { readonly problem: string };

/**
 * Writes what helps to find out what is wrong with a service into one file, without secrets. What cannot be collected is named in it and on
 * standard error.
 * @throws UsageError for a file that is there already
 * @throws ConfigurationError for an address that is none, and for a file that cannot be written
 */
export async function writeDebugBundle(
  options: BundleOptions,
  io: Pick<ProcessIo, "stdout" | "stderr" | "signal" | "env" | "clock">,
): Promise<void> {
  const { clock, env, signal } = io;
  const named = options.url === undefined ? undefined : parseBaseUrls([options.url], "--url", "--token-file")[0];
  const config = await configuration(options.file);
  const token = await readToken(options.tokenFile);
  const redact = await redaction(config.text, env, "text" in token ? [token.text] : []);

  const time = new Date(clock.now()).toISOString();
  const name = `executor-registry-debug-${time.replaceAll(/[-:]|\.\d+/g, "")}`;
  const base = named ?? listeningUrl(config, env);
  const files: Record<string, Collected> = {
    "configuration.yaml": await attempt(() => printedConfig(config, env)),
    "findings.txt": await findings(config, io),
    ...(await answers(base, token, signal)),
    "facts.json": { text: JSON.stringify(facts(time, config.file, base), null, 2) },
  };
  signal.throwIfAborted();
  const problems = Object.entries(files).flatMap(([file, collected]) =>
    "problem" in collected ? [`${file}: ${oneText(redact(collected.problem))}`] : [],
  );
  if ("problem" in token && options.tokenFile !== undefined) problems.push(`the token: ${redact(token.problem)}`);

  const archive = await packed(name, files, problems, redact, clock.now());
  const output = options.output ?? `${name}.tar.gz`;
  await writeWhole(output, options.force, (append) => append(archive));
  for (const problem of problems) io.stderr.print(escaped(`not collected: ${problem}`));
  io.stdout.print(output);
}

/** The configuration's text, or why there is none. */
interface ConfigText {
  readonly file?: string;
  readonly text?: string;
  readonly problem?: unknown;
}

async function configuration(file: () => string): Promise<ConfigText> {
  let named: string | undefined;
  try {
    named = file();
    return { file: named, text: await readConfig(named) };
  } catch (problem) {
    return { ...(named !== undefined && { file: named }), problem };
  }
}

function printedConfig({ file = "", text, problem }: ConfigText, env: ProcessIo["env"]): string {
  if (text === undefined) throw problem;
  return stringify(effectiveConfig(text, file, env), { aliasDuplicateObjects: false });
}

/** What `config check` says: mistakes are what it is for. */
async function findings(
  { file = "", text, problem }: ConfigText,
  { clock, env }: Pick<ProcessIo, "clock" | "env">,
): Promise<Collected> {
  if (text === undefined) return { problem: messageOf(problem) };
  try {
    const { warnings } = await checkConfig(text, file, clock, env);
    const lines = warnings.map(({ code, path, message }) => `warning: ${path}: ${message} (${code})\n`);
    return { text: [...lines, `${file} has no mistakes\n`].join("") };
  } catch (error) {
    return { text: `${messageOf(error)}\n` };
  }
}

/** Where the service of this configuration answers on this machine. */
function listeningUrl({ file = "", text, problem }: ConfigText, env: ProcessIo["env"]): URL | Error {
  const say = (why: string): Error => new ConfigurationError(`${why}; name the service's address with --url`);
  if (text === undefined) return say(messageOf(problem).split("\n")[0] ?? "");
  try {
    const { host, port } = parseConfig(text, file, env).listen;
    if (port === 0) return say("the configuration lets the service listen at any free port");
    const everywhere = { "0.0.0.0": "127.0.0.1", "::": "::1" } as const;
    const address = host in everywhere ? everywhere[host as keyof typeof everywhere] : host;
    return new URL(`http://${address.includes(":") ? `[${address}]` : address}:${port}/`);
  } catch {
    return say("the configuration has mistakes");
  }
}

async function readToken(file: string | undefined): Promise<Collected> {
  if (file === undefined) return { problem: "" };
  return attempt(async () => (await readRegularFile(file, MAX_TOKEN_BYTES)).toString().trim());
}

async function answers(
  base: URL | Error,
  token: Collected,
  signal: AbortSignal,
): Promise<Readonly<Record<string, Collected>>> {
  const fetch = proxiedFetch();
  const headers = {
    accept: "application/json, text/plain, */*;q=0.1",
    "accept-encoding": "identity",
    ...("text" in token && { authorization: `Bearer ${token.text}` }),
  };
  const ask = async (path: string): Promise<string> => {
    if (base instanceof Error) throw base;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    // Never along a redirect: it would take the token to another host.
    const response = await fetch(new URL(path, base), { headers, redirect: "manual", signal: limit });
    const body = String(await readBounded(response, MAX_ANSWER_BYTES));
    // A service that is starting or ending says so with 503, and what its health is.
    if (response.ok || (path === "health" && response.status === 503)) return body;
    const hint = response.status === 401 && !("text" in token) ? "; give a reader's token with --token-file" : "";
    throw new ConfigurationError(`${base.href}${path} answers ${response.status}${hint}`);
  };
  const asked = Object.entries(ANSWERS).map(async ([file, path]) => [file, await attempt(() => ask(path))] as const);
  return Object.fromEntries(await Promise.all(asked));
}

/** Of the machine and the program that make the bundle. No variable of the environment is among them. */
function facts(time: string, config: string | undefined, base: URL | Error): object {
  return {
    collected: time,
    version: VERSION,
    ...(config !== undefined && { configuration: config }),
    ...(base instanceof URL && { service: base.href }),
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    processors: cpus().length,
    memoryBytes: { total: totalmem(), free: freemem(), limit: process.constrainedMemory() },
  };
}

/** The archive's bytes: one folder of files. */
async function packed(
  name: string,
  files: Readonly<Record<string, Collected>>,
  problems: readonly string[],
  redact: Redact,
  mtime: number,
): Promise<Uint8Array> {
  const texts = Object.entries(files).flatMap(([file, collected]) =>
    "text" in collected ? [[file, redact(collected.text)] as const] : [],
  );
  if (problems.length > 0) texts.push(["not-collected.txt", `${problems.join("\n")}\n`]);
  const attrs = { mode: "600", mtime, uid: 0, gid: 0 };
  const tar = createTar(
    texts.map(([file, data]) => ({ name: `${name}/${file}`, data })),
    { attrs },
  );
  return promisify(gzip)(tar);
}

async function attempt(make: () => string | Promise<string>): Promise<Collected> {
  try {
    return { text: await make() };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

/** With the reason below: `fetch` says no more than that it failed. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error && error.cause.message !== "" ? `: ${error.cause.message}` : "";
  return `${error.message}${cause}`;
}

const oneText = (text: string): string =>
  linesOf(text.trimEnd())
    .map((line) => line.trim())
    .join("; ");
