import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { parse } from "yaml";
import { memberAt, objectOf, objectsOf, textOf } from "@executor-registry/resolver/internal";
import { connect, type KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { median, megabytes, printTable } from "./figures.ts";
import type { Access, Held, Side, Used } from "./nodes-subject.ts";

// Holding the nodes of a large cluster: the nodes source against the informer of @kubernetes/client-node, each in a process of
// its own, at the same time, against the API server that KUBECONFIG names. Writes node objects, and deletes them at its end.
// Usage: npm run bench:nodes -- [NODES] [ROUNDS]

const [count = 5000, rounds = 3] = process.argv.slice(2).map(Number);
const SUBJECT = readFileSync(join(import.meta.dirname, "nodes-subject.ts"), "utf8");
const HEARTBEATS = 1000;
const IMAGES = 50;
const MANIFEST = "0123456789abcdef".repeat(4);

/** Ten images of the system and forty builds of executors, with two names each, as a kind node reports them. */
const images = Array.from({ length: IMAGES }, (_, index) => {
  const name =
    index < 10
      ? `registry.k8s.io/system-${index}:v1.36.0`
      : `docker.io/library/executor-bench-${index % 20}:${String(index).padStart(64, "0")}`;
  return { names: [`docker.io/library/import-2026-11-23@sha256:${MANIFEST}`, name], sizeBytes: 100_000_000 - index };
});

async function inTurns(total: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < total) await work(next++);
  };
  await Promise.all(Array.from({ length: 24 }, lane));
}

const nameOf = (index: number): string => `bench-${String(index).padStart(5, "0")}`;
const heartbeat = (): object => ({
  type: "Ready",
  status: "True",
  reason: "KubeletReady",
  message: "kubelet is posting ready status",
  lastHeartbeatTime: new Date().toISOString(),
});

async function write(api: KubernetesApi): Promise<void> {
  await inTurns(count, async (index) => {
    const metadata = {
      name: nameOf(index),
      labels: { "kubernetes.io/hostname": nameOf(index), "kubernetes.io/os": "linux", bench: "true" },
    };
    const node = {
      apiVersion: "v1",
      kind: "Node",
      metadata,
      spec: { podCIDR: `10.${index >> 8}.${index & 255}.0/24`, unschedulable: true },
    };
    await api.request("/api/v1/nodes", { method: "POST", body: node });
    const status = { capacity: { cpu: "8", memory: "32Gi", pods: "110" }, conditions: [heartbeat()], images };
    await api.request(`/api/v1/nodes/${nameOf(index)}/status`, {
      method: "PATCH",
      contentType: "application/merge-patch+json",
      body: { status },
    });
  });
}

async function beat(api: KubernetesApi): Promise<void> {
  await inTurns(HEARTBEATS, (index) =>
    api.request(`/api/v1/nodes/${nameOf(index % count)}/status`, {
      method: "PATCH",
      contentType: "application/strategic-merge-patch+json",
      body: { status: { conditions: [heartbeat()] } },
    }),
  );
}

function access(): Access {
  const file = process.env["KUBECONFIG"] ?? "";
  const { clusters, users } = objectOf(parse(readFileSync(file, "utf8")));
  const [cluster, user] = [memberAt(objectsOf(clusters)[0], "cluster"), memberAt(objectsOf(users)[0], "user")];
  const [server, ca] = [memberAt(cluster, "server"), memberAt(cluster, "certificate-authority")].map(textOf);
  const [cert, key] = [memberAt(user, "client-certificate"), memberAt(user, "client-key")].map(textOf);
  if (!server || !ca || !cert || !key)
    throw new Error("this benchmark needs a KUBECONFIG whose certificates are files");
  return { server, ca, cert, key };
}

/** What the child says next. A child that ends says nothing, which is an error. */
async function hear<Answer>(child: ChildProcess): Promise<Answer> {
  const heard = new AbortController();
  const { signal } = heard;
  const ended = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`a side ended with exit code ${code}; what it printed says why`);
  });
  try {
    return (await Promise.race([once(child, "message", { signal }), ended]))[0] as Answer;
  } finally {
    ended.catch(() => {});
    heard.abort();
  }
}

function ask(child: ChildProcess): Promise<Used> {
  const answer = hear<Used>(child);
  child.send("used?");
  return answer;
}

type Measured = Held & { readonly cpuMs: number };

function start(side: Side): ChildProcess {
  // As JavaScript, and with the packages as they are published: what Node needs to read TypeScript is no part of either side.
  const flags = ["--expose-gc", "--input-type=module", "--eval", stripTypeScriptTypes(SUBJECT)];
  return spawn(process.execPath, [...flags, side, JSON.stringify(access())], {
    cwd: join(import.meta.dirname, ".."),
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
}

/** Starts one side after the other; all of them then see the same heartbeats, so that what disturbs one disturbs the others. */
async function measure(api: KubernetesApi): Promise<Record<Side, Measured>> {
  const children: ChildProcess[] = [];
  const begin = async (side: Side): Promise<[ChildProcess, Held]> => {
    const child = start(side);
    children.push(child);
    return [child, await hear<Held>(child)];
  };
  try {
    const [ours, informer, drain] = [await begin("ours"), await begin("informer"), await begin("drain")];
    const used = async ([child, held]: [ChildProcess, Held]): Promise<Measured> => ({ ...held, ...(await ask(child)) });
    const beaten = async (): Promise<Record<Side, Measured>> => {
      await beat(api);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return { ours: await used(ours), informer: await used(informer), drain: await used(drain) };
    };
    // The first heartbeat of a node tells the nodes source its fingerprint, so it is not the steady state that is measured.
    await beaten();
    return await beaten();
  } finally {
    for (const child of children) if (child.kill()) await once(child, "exit");
  }
}

const api = await connect();
try {
  const started = performance.now();
  await write(api);
  console.log(
    `${count} nodes × ${IMAGES} images written in ${((performance.now() - started) / 1000).toFixed(0)} s; ${rounds} rounds`,
  );
  const results: Record<Side, Measured[]> = { ours: [], informer: [], drain: [] };
  for (let round = 0; round < rounds; round += 1) {
    const measured = await measure(api);
    for (const side of ["ours", "informer", "drain"] as const) results[side].push(measured[side]);
  }
  const row = (name: string, unit: (value: number) => string, of: (held: Measured) => number): string[] => {
    const [a, b, c] = [results.ours, results.informer, results.drain].map((all) => median(all.map(of)));
    return [name, unit(a ?? 0), unit(b ?? 0), ((a ?? 0) / (b ?? 0)).toFixed(3), unit(c ?? 0)];
  };
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  printTable(
    ["median", "nodes source", "client-node informer", "ratio", "bare watch, thrown away"],
    [
      row("time to first answer", ms, ({ firstAnswerMs }) => firstAnswerMs),
      row("heap held for the nodes", megabytes, ({ heap, heapBefore }) => heap - heapBefore),
      row("heap of the process", megabytes, ({ heap }) => heap),
      row("RSS gained", megabytes, ({ rss, rssBefore }) => rss - rssBefore),
      row("RSS of the process", megabytes, ({ rss }) => rss),
      row(`processor time for ${HEARTBEATS} heartbeats`, ms, ({ cpuMs }) => cpuMs),
    ],
  );
  console.log(`candidates seen: ${results.ours[0]?.images} and ${results.informer[0]?.images}`);
} finally {
  await inTurns(count, (index) =>
    api.request(`/api/v1/nodes/${nameOf(index)}`, { method: "DELETE" }).catch(() => undefined),
  );
  api.close();
}
