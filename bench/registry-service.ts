import { parseConfig, startService } from "@executor-registry/registry";
import { systemClock } from "@executor-registry/resolver";
import {
  connectService,
  type HealthDocument,
  SERVICE_OPERATIONS,
  type ServiceClient,
} from "@executor-registry/resolver/internal";
import { pino } from "pino";
import type { CountedRegistry } from "./registry-counted.ts";

/** A scan as who asked for it saw it. */
export interface Scan {
  readonly seconds: number;
  /** Requests that arrived at the registry. */
  readonly arrived: number;
  /** Requests that the service says it sent. */
  readonly sent: number;
  /** Entries written to the journal. */
  readonly changes: number;
}

/** A service that scans one registry on request. */
export interface ScanningService extends AsyncDisposable {
  /** The scan that the start began. */
  readonly first: Scan;
  /** Looks at everything as a poll does. */
  scan(): Promise<Scan>;
  /** Looks every tag up, as an operator's refresh does. */
  refresh(): Promise<Scan>;
  /** Goes on with other repositories, and takes them in. */
  look(patterns: readonly string[]): Promise<void>;
}

/** Milliseconds for a scan of everything. */
const SCAN_MS = 3_600_000;
/** Milliseconds between two looks at whether the service is ready. */
const LOOK_MS = 20;

const { signal } = new AbortController();

/** Started as a user would for a registry of one's own: as many requests as it answers. The store is SQLite. */
export async function startScanning(
  registry: CountedRegistry,
  patterns: readonly string[],
  folder: string,
): Promise<ScanningService> {
  const config = (repositories: readonly string[]) =>
    parseConfig(
      `
listen: {host: 127.0.0.1, port: 0}
store: "sqlite:${folder}/catalogue.db"
auth: {writes: open}
limits: {writesPerMinute: 10000}
sources:
- {name: local, kind: oci, host: "${registry.host}", insecure: true, interval: 1d, repositories: ${JSON.stringify(repositories)}, requests: {concurrent: 8, perSecond: unlimited}}
`,
      "bench",
    );
  const before = await registry.arrived();
  const started = performance.now();
  const service = await startService({ config: config(patterns), log: pino({ level: "warn" }) });
  const client = connectService({ urls: [new URL(service.url)], userAgent: "bench", clock: systemClock });
  await ready(service.url);
  const seconds = (performance.now() - started) / 1000;
  const health = await healthOf(client);
  const first = {
    seconds,
    arrived: (await registry.arrived()) - before,
    sent: health.sources?.[0]?.requests ?? NaN,
    changes: health.journal?.sequence ?? NaN,
  };

  let watched = patterns;
  const scan = async (): Promise<Scan> => {
    const [before, { journal }] = [await registry.arrived(), await healthOf(client)];
    const started = performance.now();
    // A new configuration's sources are polled at once.
    await service.reconfigure(config(watched));
    const after = await looked(client);
    const seconds = (performance.now() - started) / 1000;
    const source = after.sources?.[0];
    if (source?.state !== "ready") throw new Error(`the scan is not complete: ${JSON.stringify(source)}`);
    const changes = (after.journal?.sequence ?? NaN) - (journal?.sequence ?? NaN);
    return { seconds, arrived: (await registry.arrived()) - before, sent: source.requests ?? NaN, changes };
  };
  const refresh = async (): Promise<Scan> => {
    const before = await registry.arrived();
    const started = performance.now();
    const question = { query: { wait: "true" }, signal, timeout: SCAN_MS };
    const result = await client.ask(SERVICE_OPERATIONS.refresh, {}, question);
    const seconds = (performance.now() - started) / 1000;
    const report = "scans" in result ? result.scans[0] : undefined;
    if (!report?.complete) throw new Error(`the scan is not complete: ${JSON.stringify(report)}`);
    return { seconds, arrived: (await registry.arrived()) - before, sent: report.requests, changes: report.changes };
  };
  return {
    first,
    scan,
    refresh,
    async look(others) {
      watched = others;
      await scan();
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await service.close();
    },
  };
}

const healthOf = (client: ServiceClient): Promise<HealthDocument> =>
  client.ask(SERVICE_OPERATIONS.health, {}, { signal });

/** Once the first look of a configuration has ended. */
async function looked(client: ServiceClient): Promise<HealthDocument> {
  for (;;) {
    const health = await healthOf(client);
    if (health.sources?.[0]?.attempted !== undefined) return health;
    await systemClock.sleep(LOOK_MS);
  }
}

async function ready(url: string): Promise<void> {
  while (!(await fetch(`${url}/readyz`)).ok) await systemClock.sleep(LOOK_MS);
}
