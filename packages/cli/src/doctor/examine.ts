import { ExecutorRegistryError } from "@executor-registry/resolver";
import { connect } from "@executor-registry/resolver/kubernetes";
import { hintOf } from "../base/failure.ts";
import type { Io } from "../output/io.ts";
import { connectOptions, type Given, text } from "../base/parse-flags.ts";
import { clusterResolver } from "../service/session.ts";
import { checkAccess } from "./access.ts";
import type { Check, Report } from "./check.ts";
import { checkCluster } from "./cluster.ts";
import { checkExecutors, checkLocalRegistry } from "./declarations.ts";
import { checkNamespace } from "./namespace.ts";
import { checkNodes } from "./nodes.ts";

/** Looks at all that resolving and running need. What keeps one look from succeeding is what it found. */
export async function examine(given: Given, io: Io): Promise<Report> {
  const { signal, clock } = io;
  const checks: Check[] = [];
  const look = async <T>(name: string, looking: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await looking();
    } catch (error) {
      if (signal.aborted || !(error instanceof ExecutorRegistryError)) throw error;
      // The hint at a refusal is to ask the doctor.
      const fix = error.code === "forbidden" ? undefined : hintOf(error, io.program);
      checks.push({ name, state: "fail", detail: error.message, ...(fix !== undefined && { fix }) });
      return undefined;
    }
  };
  const api = await look("configuration", () => connect(connectOptions(given)));
  if (!api) return { checks };
  const { context, namespace } = api;
  checks.push({ name: "configuration", state: "ok", detail: `context ${context}, namespace ${namespace}` });
  const shared = { api, namespace, configMap: text(given, "config-map") ?? "executors", signal, clock };
  try {
    const answered = await look("cluster", () => checkCluster(shared));
    if (!answered) return { checks };
    checks.push(...answered);
    const access = await look("rbac", () => checkAccess(shared));
    checks.push(...(access?.checks ?? []));
    checks.push(...((await look("namespace", () => checkNamespace(shared))) ?? []));
    checks.push(...((await look("node images", () => checkNodes(shared))) ?? []));
    const resolver = clusterResolver(given, io, "read", api);
    try {
      checks.push(...((await look("executors", () => checkExecutors(resolver, shared))) ?? []));
      checks.push(...((await look("local registry", () => checkLocalRegistry(resolver, shared))) ?? []));
    } finally {
      await resolver.close();
    }
    return { checks, ...(access?.manifest !== undefined && { manifest: access.manifest }) };
  } finally {
    api.close();
  }
}
