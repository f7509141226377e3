import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProblemDocument } from "@executor-registry/resolver";
import type { HealthDocument } from "@executor-registry/resolver/internal";
import type { DockerRegistry } from "../../../../testing/docker-registry.ts";
import { type Serving, serving } from "../../../../testing/serving.ts";

// SHA-256 of "open-sesame".
const TOKEN = "d7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7";

/** What an answer of any operation may have; other members are `undefined`. */
interface AnyAnswer extends Partial<ProblemDocument> {
  readonly version?: string;
  readonly decidedBy?: string;
  readonly outcome?: string;
  readonly message?: string;
}

/** Replicas of the service, each a process of its own, on one store and one registry. */
export interface Replicas extends AsyncDisposable {
  readonly all: readonly Serving[];
  /** Starts one more. */
  add(): Promise<Serving>;
  health(replica: Serving): Promise<HealthDocument>;
  send(
    replica: Serving,
    line: string,
    body?: object,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly answer: AnyAnswer; readonly headers: Headers }>;
  /** The version that a replica answers a type with. */
  version(replica: Serving, type?: string): Promise<string | undefined>;
}

/** @param store as in the configuration */
export async function startReplicas(store: string, registry: DockerRegistry, count: number): Promise<Replicas> {
  const folder = await mkdtemp(join(tmpdir(), "replicas-"));
  const file = join(folder, "registry.yaml");
  await writeFile(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
checks: none
store: ${store}
auth: { tokens: [{ name: op, role: operator, sha256: ${TOKEN} }] }
limits: { writesPerMinute: 100000 }
sources: [{ name: own, kind: oci, host: "${registry.host}", insecure: true, repositories: ["team/*"], interval: 1d }]
versions: { policies: [{ name: releases, kind: semver, range: ">=1.0.0" }] }
`,
  );
  const all: Serving[] = [];
  const add = async (): Promise<Serving> => {
    const replica = await serving(file);
    all.push(replica);
    return replica;
  };
  const send: Replicas["send"] = async (replica, line, body, more = {}) => {
    const [method = "", path = ""] = line.split(" ");
    const response = await fetch(replica.url + path, {
      method,
      headers: { authorization: "Bearer open-sesame", "content-type": "application/json", ...more },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, answer: (await response.json()) as AnyAnswer, headers: response.headers };
  };
  const replicas: Replicas = {
    all,
    add,
    send,
    health: async (replica) => (await send(replica, "GET /health")).answer as unknown as HealthDocument,
    version: async (replica, type = "ml") => (await send(replica, `GET /executors/${type}`)).answer.version,
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((replica) => replica[Symbol.asyncDispose]()));
      await rm(folder, { recursive: true });
    },
  };
  try {
    for (let nth = 0; nth < count; nth++) await add();
  } catch (problem) {
    await replicas[Symbol.asyncDispose]();
    throw problem;
  }
  return replicas;
}
