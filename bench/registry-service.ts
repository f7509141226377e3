import { parseConfig, type Service, startService } from "@executor-registry/registry";
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

/** A service that scans one registry, when it is told to. */
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
  await ready(service);
  const seconds = (performance.now() - started) / 1000;
  const health = await healthOf(service);
  const first = {
    seconds,
    arrived: (await registry.arrived()) - before,
    sent: health.sources[0]?.requests ?? NaN,
    changes: health.journal.sequence,
  };

  let watched = patterns;
  const scan = async (): Promise<Scan> => {
    const [before, { journal }] = [await registry.arrived(), await healthOf(service)];
    const started = performance.now();
    // A new configuration's sources are polled at once.
    await service.reconfigure(config(watched));
    const after = await looked(service);
    const seconds = (performance.now() - started) / 1000;
    const [source] = after.sources;
    if (source?.state !== "ready") throw new Error(`the scan is not complete: ${JSON.stringify(source)}`);
    const changes = after.journal.sequence - journal.sequence;
    return { seconds, arrived: (await registry.arrived()) - before, sent: source.requests ?? NaN, changes };
  };
  const refresh = async (): Promise<Scan> => {
    const before = await registry.arrived();
    const started = performance.now();
    const response = await fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" });
    const { scans } = (await response.json()) as { readonly scans: readonly Report[] };
    const seconds = (performance.now() - started) / 1000;
    const [report] = scans;
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
    [Symbol.asyncDispose]: () => service.close(),
  };
}

interface Report {
  readonly complete: boolean;
  readonly requests: number;
  readonly changes: number;
}

interface Health {
  readonly journal: { readonly sequence: number };
  readonly sources: readonly { readonly state: string; readonly attempted?: string; readonly requests?: number }[];
}

const healthOf = async ({ url }: Service): Promise<Health> => (await (await fetch(`${url}/health`)).json()) as Health;

/** Once the first look of a configuration has ended. */
async function looked(service: Service): Promise<Health> {
  for (;;) {
    const health = await healthOf(service);
    if (health.sources[0]?.attempted !== undefined) return health;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function ready({ url }: Service): Promise<void> {
  while (!(await fetch(`${url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 20));
}
