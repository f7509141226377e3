import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { server } from "../../testing/cli.ts";
import { AUTHORIZATION } from "./replica.ts";
import { expectedDigest, type SoakType } from "./types.ts";
import { ask } from "./writes.ts";

const SETTLE_MS = 60_000;
const AGAIN_MS = 200;
const LIST_MS = 5000;

interface Standing {
  readonly sequence: number;
  readonly hash: string;
  readonly digests: ReadonlyMap<string, string>;
}

/** What differs from what has to be so; empty once all replicas agree, and are right. */
async function differences(urls: readonly string[], types: readonly SoakType[]): Promise<readonly string[]> {
  const standings = await Promise.all(urls.map(standingOf));
  const found: string[] = [];
  const [first] = standings;
  for (const [index, one] of standings.entries()) {
    if (typeof one === "string") {
      found.push(`replica ${index}: ${one}`);
      continue;
    }
    if (typeof first === "object" && one.hash !== first.hash)
      found.push(
        `replica ${index} is at entry ${one.sequence} ${one.hash.slice(0, 8)}, replica 0 at ${first.sequence} ${first.hash.slice(0, 8)}`,
      );
    for (const type of types) {
      const digest = one.digests.get(type.name);
      if (digest !== expectedDigest(type))
        found.push(
          `replica ${index}: ${type.name} is ${versionOf(type, digest)}, not ${versionOf(type, expectedDigest(type))}`,
        );
    }
  }
  return found;
}

const versionOf = ({ versions }: SoakType, digest: string | undefined): string =>
  [...versions].find(([, one]) => one === digest)?.[0] ?? digest ?? "unknown";

async function standingOf(url: string): Promise<Standing | string> {
  try {
    const signal = AbortSignal.timeout(LIST_MS);
    const headers = { authorization: AUTHORIZATION };
    const health = (await (await fetch(`${url}/health`, { signal, headers })).json()) as {
      journal: { sequence: number; hash: string; broken?: { message: string } };
    };
    const executors = (await (await fetch(`${url}/executors`, { signal, headers })).json()) as Readonly<
      Record<string, { readonly digest: string }>
    >;
    const { broken, ...journal } = health.journal;
    if (broken) return broken.message;
    return { ...journal, digests: new Map(Object.entries(executors).map(([type, { digest }]) => [type, digest])) };
  } catch (problem) {
    return String(problem);
  }
}

/**
 * Waits until every replica gives the same, right answers, after a look at everything in the registry.
 * @returns what is still different after a minute, and how long it took
 */
export async function settle(
  urls: readonly string[],
  types: readonly SoakType[],
  signal: AbortSignal,
): Promise<{ readonly ms: number; readonly different: readonly string[] }> {
  const began = performance.now();
  const passed = (): number => performance.now() - began;
  const refresh = { method: "POST", path: "/executors/refresh?wait=true" } as const;
  for (let at = 0; passed() < SETTLE_MS; at++) {
    if ((await ask(urls[at % urls.length]!, refresh, undefined, SETTLE_MS)).status === 200) break;
    await sleep(AGAIN_MS, undefined, { signal });
  }
  for (;;) {
    const different = await differences(urls, types);
    if (different.length === 0 || passed() > SETTLE_MS) return { ms: passed(), different };
    await sleep(AGAIN_MS, undefined, { signal });
  }
}

/** How often each reason stands in the journal, as a replica reads it out. */
export async function reasonsIn(
  url: string,
): Promise<{ readonly entries: number; readonly reasons: ReadonlyMap<string, number> }> {
  const response = await fetch(`${url}/journal?format=ndjson`, { headers: { authorization: AUTHORIZATION } });
  if (response.status !== 200 || !response.body) throw new Error(`the journal cannot be read: ${response.status}`);
  const reasons = new Map<string, number>();
  let entries = 0;
  for await (const line of createInterface({ input: Readable.fromWeb(response.body as never) })) {
    const { reason } = JSON.parse(line) as { reason: string };
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    entries += 1;
  }
  return { entries, reasons };
}

/** What the service's own command says of the whole chain in the store. */
export async function verify(store: string): Promise<{ readonly holds: boolean; readonly said: string }> {
  const { code, stdout, stderr } = await server(["journal", "verify", "--store", store]);
  return { holds: code === 0, said: `${stdout}${stderr}`.trim() };
}
