import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "@executor-registry/registry";
import { ownProcess, runServerCommand } from "@executor-registry/registry/internal";
import { parseDocument } from "yaml";
import { freePort } from "./free-port.ts";

/** Milliseconds that the hints below wait for the first scan. Without it they are right too, and the log says what is wrong. */
const READY_MS = 30_000;
const POLL_MS = 20;

// Runs `executor-registry-server serve` with the example images, and says what to try.
const file = process.argv[2] ?? "examples/registry.yaml";
const { io: own, ended } = ownProcess();
const io = Object.create(own, { stdout: { value: { ...own.stdout, print: printLog } } }) as typeof own;
const { text, config } = await loadConfig(file, io.env);
const { host, port: wanted } = config.listen;
const port = await freePort(host, wanted);
const url = `http://${host === "0.0.0.0" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host}:${port}`;

/** Prints the service's log, of which there are only warnings, for a person. */
function printLog(lines: string | readonly string[]): void {
  for (const line of [lines].flat()) {
    const { level, msg, problem } = JSON.parse(line) as Readonly<Record<string, string | undefined>>;
    own.stderr.print(`${level}: ${msg}${problem === undefined ? "" : ` (${problem})`}`);
  }
}

/** Serves by the configuration, or by a copy of it with another port. */
async function serve(): Promise<number> {
  if (port === wanted) return runServerCommand(["serve", "--config", file], io);
  const folder = await mkdtemp(join(tmpdir(), "executor-registry-"));
  const copy = join(folder, "registry.yaml");
  const document = parseDocument(text, { merge: true });
  document.setIn(["listen", "port"], port);
  try {
    await writeFile(copy, document.toString());
    return await runServerCommand(["serve", "--config", copy], io);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Whether it serves. @param over aborts when it has ended */
async function isServing(over: AbortSignal): Promise<boolean> {
  const late = io.clock.now() + READY_MS;
  while (!over.aborted && io.clock.now() < late) {
    const ready = await fetch(`${url}/readyz`).catch(() => undefined);
    if (ready?.status === 200) return true;
    await io.clock.sleep(POLL_MS);
  }
  return !over.aborted;
}

const over = new AbortController();
const exit = serve().finally(() => over.abort());
if (await isServing(AbortSignal.any([over.signal, io.signal]))) {
  if (port !== wanted) console.log(`Something listens on port ${wanted} already; this is ${port}.`);
  console.log(`The registry service answers at ${url}, as ${file} says. Its documentation is at ${url}/docs

Try, in another terminal:
  curl -s ${url}/executors/ml
      the image that ml means right now
  curl -s ${url}/executors
      every type's
  curl -s ${url}/executors/ml/versions
      all its images, and what the checks say about them
  curl -s '${url}/journal?limit=3'
      what changed last, and why
  curl -s -X POST '${url}/executors/refresh?wait=true'
      look for new images now
  curl -sN ${url}/events
      each change, as it happens
  npm run -s cli -- versions ml --registry ${url}
      the same questions from the command line; see npm run -s cli -- help
  npm run -s cli -- list --layout examples/layout
      without the service
  npm run -s cli -- list
      the executors of your Kubernetes cluster

Ctrl-C ends it.`);
}
ended(await exit);
