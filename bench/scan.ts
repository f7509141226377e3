import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pushImage } from "../testing/push.ts";
import { median, printTable } from "./figures.ts";
import { startCountedRegistry } from "./registry-counted.ts";
import { fill, imageOptions, names } from "./registry-fill.ts";
import { type Scan, type ScanningService, startScanning } from "./registry-service.ts";
import { runScript, type ScriptRun } from "./scan-script.ts";
import { requireCommands } from "./peers.ts";

// Scanning a real registry: the first scan, one that finds nothing new, one where 1 % changed; next to a script of
// `skopeo list-tags` and `skopeo inspect`, which does all of its work each time. The script runs on a sample of the
// repositories, and is taken times as many as there are. Requests are counted at the registry. A poll is begun by loading the
// same configuration again, which is in the times; a refresh waits 50 ms for others to join it.
// Needs docker-registry and skopeo (Debian's packages). Usage: npm run bench:scan -- [ROUNDS] [REPOSITORIES] [TAGS] [SAMPLE]

requireCommands({ "docker-registry": "docker-registry", skopeo: "skopeo" });
const [rounds = 3, count = 200, tags = 50, sampled = 10] = process.argv.slice(2).map(Number);
const repositories = names("team", count);
const changed = Math.ceil((count * tags) / 100);
const AT_ONCE = [1, 2, 4];
const folder = await mkdtemp(join(tmpdir(), "bench-scan-"));

/** Pushes new images one after the other, each to another repository, as `tagOf` says. */
async function push(total: number, tagOf: (index: number) => string): Promise<void> {
  for (let index = 0; index < total; index += 1) {
    const repository = repositories[index % count] ?? "";
    pushed += 1;
    await pushImage(registry, repository, tagOf(index), imageOptions(repository, tags + pushed));
  }
}

async function scans(service: ScanningService, before: () => Promise<void> = async () => {}): Promise<readonly Scan[]> {
  const all: Scan[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await before();
    all.push(await service.scan());
  }
  return all;
}

let pushed = 0;
await using registry = await startCountedRegistry();
try {
  const started = performance.now();
  await fill(registry, repositories, tags);
  console.log(`${count} repositories × ${tags} tags stored in ${((performance.now() - started) / 1000).toFixed(0)} s`);

  const sample = repositories.slice(0, sampled);
  const script: ScriptRun[] = [];
  for (const atOnce of AT_ONCE) {
    const { seconds, arrived } = await runScript(registry, sample, { atOnce, images: sampled * tags });
    script.push({ seconds: (seconds * count) / sampled, arrived: (arrived * count) / sampled });
  }
  const first: Scan[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await using service = await startScanning(registry, ["team/*"], await mkdtemp(join(folder, "first-")));
    first.push(service.first);
  }
  await using service = await startScanning(registry, ["team/*"], folder);
  first.push(service.first);
  const unchanged = await scans(service);
  const refreshed = [await service.refresh()];
  const released = await scans(service, () => push(changed, () => `2.0.${pushed}`));
  await push(count, () => "latest");
  await service.scan();
  const unchangedLatest = await scans(service);
  const moved = await scans(service, () => push(changed, () => "latest"));

  const best = Math.min(...script.map(({ seconds }) => seconds));
  const row = (name: string, all: readonly Scan[]): string[] => {
    const of = (what: keyof Scan): number => median(all.map((scan) => scan[what]));
    return [
      name,
      `${of("seconds").toFixed(2)} s`,
      `${of("arrived")}`,
      `${of("sent")}`,
      `${of("changes")}`,
      `${(best / of("seconds")).toFixed(0)} ×`,
    ];
  };
  console.log(`the service, requests: {concurrent: 8, perSecond: unlimited}, SQLite; medians of ${rounds} rounds`);
  printTable(
    [
      "the service",
      "time",
      "requests at the registry",
      "by its own count",
      "journal entries",
      "quickest script / this",
    ],
    [
      row("first scan, its start included", first),
      row("nothing changed", unchanged),
      row("nothing changed, every tag looked up by a refresh", refreshed),
      row(`${changed} releases since`, released),
      row("nothing changed, each repository has a `latest`", unchangedLatest),
      row(`${changed} \`latest\` moved since`, moved),
    ],
  );
  const share =
    sampled === count ? "every repository" : `${sampled} of ${count} repositories, times ${count / sampled}`;
  console.log(`\nthe script, every time; measured on ${share}`);
  printTable(
    ["the script", "time", "requests at the registry"],
    script.map(({ seconds, arrived }, index) => [
      AT_ONCE[index] === 1 ? "one after the other" : `xargs -P ${AT_ONCE[index]}`,
      `${seconds.toFixed(0)} s`,
      arrived.toFixed(0),
    ]),
  );
} finally {
  await rm(folder, { recursive: true });
}
