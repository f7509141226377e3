import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { median, printTable } from "./figures.ts";
import { freePort } from "../scripts/free-port.ts";
import { has, hasPythonModule, requireCommands } from "./peers.ts";

// GET /executors/ml with keep-alive: the service with authentication, metrics and logging as shipped, next to bare Fastify,
// FastAPI on uvicorn, and one nginx worker that serves the same bytes. Each has processor 0 for itself, the load comes from
// processor 1. Medians of rounds in turns. Needs wrk; peers that are not installed are named and left out.
// Usage: npm run bench:http -- [ROUNDS] [SECONDS]

const [rounds = 5, seconds = 5] = process.argv.slice(2).map(Number);
const CONNECTIONS = 32;
const START_LIMIT_MS = 30_000;

requireCommands({ wrk: "wrk", taskset: "util-linux" });
const TOKEN = "0123456789abcdef0123456789abcdef";
const folder = await mkdtemp(join(tmpdir(), "bench-http-"));
const children: ChildProcess[] = [];

function pinned(command: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const options = {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore"] as ["ignore", "pipe", "ignore"],
  };
  const child = spawn("taskset", ["-c", "0", command, ...args], options);
  children.push(child);
  return child;
}

/** The first line that a server prints is its URL. */
async function nodeServer(file: string, argument: string): Promise<string> {
  const child = pinned(process.execPath, [
    "--conditions=executor-registry-source",
    "--disable-warning=ExperimentalWarning",
    file,
    argument,
  ]);
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`${file} ended with ${String(code)} before it listened`);
  });
  const [line] = (await Promise.race([once(child.stdout ?? child, "data"), ended])) as [Buffer];
  ended.catch(() => {});
  return line.toString().trim();
}

async function answering(child: ChildProcess, url: string): Promise<string> {
  const late = performance.now() + START_LIMIT_MS;
  while (child.exitCode === null && performance.now() < late) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return (await response.arrayBuffer(), new URL(url).origin);
    await setTimeout(50);
  }
  throw new Error(`${url} did not answer within ${START_LIMIT_MS} ms`);
}

/** FastAPI on uvicorn, serving the same bytes. */
async function fastApi(body: string): Promise<string> {
  const port = await freePort();
  const args = ["--app-dir", "bench/http-peers", "--port", String(port), "--no-access-log", "fastapi_app:app"];
  const child = pinned("/usr/bin/python3", ["-m", "uvicorn", ...args], { BODY: body });
  return answering(child, `http://127.0.0.1:${port}/executors/ml`);
}

/** One nginx worker, serving the same file. */
async function nginx(body: string): Promise<string> {
  const port = await freePort();
  await writeFile(
    join(folder, "nginx.conf"),
    `daemon off; ${process.getuid?.() === 0 ? "user root; " : ""}worker_processes 1; pid ${folder}/nginx.pid; error_log /dev/null;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000000; default_type application/json; open_file_cache max=10; sendfile on;
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c; uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  server { listen 127.0.0.1:${port}; location = /executors/ml { alias ${body}; } } }`,
  );
  const child = pinned("nginx", ["-c", join(folder, "nginx.conf")]);
  return answering(child, `http://127.0.0.1:${port}/executors/ml`);
}

function load(origin: string, duration: number): { rate: number; p99: number } {
  const auth = ["-H", `authorization: Bearer ${TOKEN}`];
  const args = [
    "-c",
    "1",
    "wrk",
    "-t1",
    `-c${CONNECTIONS}`,
    `-d${duration}s`,
    "--latency",
    ...auth,
    `${origin}/executors/ml`,
  ];
  const text = execFileSync("taskset", args, { encoding: "utf8" });
  if (/Non-2xx/.test(text)) throw new Error(text);
  const [, number = "", unit = ""] = /99%\s+([\d.]+)(us|ms|s)/.exec(text) ?? [];
  const p99 = Number(number) * { us: 0.001, ms: 1, s: 1000 }[unit as "us" | "ms" | "s"];
  return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]), p99 };
}

try {
  const service = await nodeServer("bench/http-peers/service.ts", TOKEN);
  const headers = { authorization: `Bearer ${TOKEN}` };
  const file = join(folder, "ml");
  await writeFile(file, await (await fetch(`${service}/executors/ml`, { headers })).text());
  const servers: Record<string, string> = {
    "executor registry": service,
    "bare Fastify": await nodeServer("bench/http-peers/fastify.ts", file),
  };
  if (
    hasPythonModule("FastAPI on uvicorn", "fastapi", "python3-fastapi") &&
    hasPythonModule("FastAPI on uvicorn", "uvicorn", "python3-uvicorn")
  ) {
    servers["FastAPI on uvicorn"] = await fastApi(file);
  }
  if (has("nginx", { nginx: "nginx-light" })) servers["nginx, one worker"] = await nginx(file);

  const figures = Object.entries(servers).map(([name, origin]) => ({
    name,
    origin,
    rates: [] as number[],
    p99s: [] as number[],
  }));
  for (const { origin } of figures) load(origin, 2);
  for (let round = 0; round < rounds; round += 1) {
    for (const { origin, rates, p99s } of figures) {
      const { rate, p99 } = load(origin, seconds);
      rates.push(rate);
      p99s.push(p99);
    }
  }
  const ours = median(figures[0]?.rates ?? []);
  const fastify = median(figures[1]?.p99s ?? []);
  printTable(
    ["GET /executors/ml", "requests per second", "ours / theirs", "p99", "p99 / bare Fastify's"],
    figures.map(({ name, rates, p99s }) => [
      name,
      median(rates).toFixed(0),
      (ours / median(rates)).toFixed(2),
      `${median(p99s).toFixed(2)} ms`,
      (median(p99s) / fastify).toFixed(2),
    ]),
  );
} finally {
  for (const child of children) child.kill();
  await rm(folder, { recursive: true });
}
