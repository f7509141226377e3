import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const installed = (command: string): string | false => {
  try {
    execFileSync(command, ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    return `${command} is not installed (Debian: apt-get install prometheus)`;
  }
};

/** Why tests that need a Prometheus server are skipped here, or `false`. */
export const noPrometheus: string | false = installed("prometheus");
/** Why tests that need promtool are skipped here, or `false`. */
export const noPromtool: string | false = installed("promtool");

/** What promtool prints. @throws Error with all of it when it ends with a failure */
export function promtool(...args: readonly string[]): string {
  try {
    return execFileSync("promtool", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(" ")}: ${stdout}${stderr}`, { cause: error });
  }
}

/** One line of what a target answers: a series and its value now. */
export interface PrintedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus' text format, as far as a service of ours writes it. */
export function parseSamples(text: string): readonly PrintedSample[] {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = /^([a-z_:0-9]+)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/([a-z_0-9]+)="((?:[^"\\]|\\.)*)"/gi)].map(([, label, held]) => [label, held]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
  });
}

/** An alert as a server reports it. */
interface Alert {
  readonly state: "pending" | "firing";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A real Prometheus server on a loopback port. */
export interface PrometheusServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  alerts(): Promise<readonly Alert[]>;
  /** The value of each series that an expression gives now. */
  query(expression: string): Promise<readonly { readonly metric: Record<string, string>; readonly value: number }[]>;
}

interface PrometheusOptions {
  /** Scraped as one job, by their `host:port`. */
  readonly targets: readonly string[];
  /** A rule file's text. */
  readonly rules: string;
  /** Between two scrapes, and two evaluations of all rules. @default "1s" */
  readonly interval?: string;
}

/** Starts it, and waits until it is ready. */
export async function startPrometheus({
  targets,
  rules,
  interval = "1s",
}: PrometheusOptions): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), "prometheus-"));
  const config = {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: [join(folder, "rules.yaml")],
    scrape_configs: [{ job_name: "executor-registry", static_configs: [{ targets }] }],
  };
  // JSON is YAML.
  await writeFile(join(folder, "prometheus.yaml"), JSON.stringify(config));
  await writeFile(join(folder, "rules.yaml"), rules);
  const server = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yaml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      "--web.listen-address=127.0.0.1:0",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const gone = once(server, "exit");
  const end = async (): Promise<void> => {
    server.kill("SIGKILL");
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const url = `http://${await listening(server)}`;
    while (!(await fetch(`${url}/-/ready`)).ok);
    const api = async (path: string): Promise<unknown> => {
      const response = await fetch(`${url}/api/v1/${path}`);
      const { status, data, error } = (await response.json()) as { status: string; data: unknown; error?: string };
      if (status !== "success") throw new Error(`prometheus answers ${path} with ${status}: ${error}`);
      return data;
    };
    return {
      url,
      alerts: async () => ((await api("alerts")) as { alerts: readonly Alert[] }).alerts,
      async query(expression) {
        const { result } = (await api(`query?query=${encodeURIComponent(expression)}`)) as {
          result: readonly { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[];
        };
        return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
      },
      [Symbol.asyncDispose]: end,
    };
  } catch (problem) {
    await end();
    throw problem;
  }
}

/** The address that it says it listens on. What it logs later is read and dropped. */
function listening(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = "";
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`prometheus ended with ${code}: ${log.slice(-2000)}`)));
    server.stderr?.on("data", (chunk: Buffer) => {
      if (log.length < 100_000) log += chunk.toString();
      const [, address] = /Listening on" address=(127\.0\.0\.1:\d+)/.exec(log) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
}
