import { memberAt, textOf } from "@executor-registry/resolver/internal";
import { KubernetesError } from "@executor-registry/resolver/kubernetes";
import type { Resolution, Resolver, SourceReport } from "@executor-registry/resolver";
import { type Check, type DoctorContext, listed } from "./check.ts";

/** Which executors are known from where, and what was left out. */
export async function checkExecutors(
  resolver: Pick<Resolver, "list" | "sources">,
  { signal, namespace }: DoctorContext,
): Promise<readonly Check[]> {
  const reports = await resolver.sources({ signal });
  // Then the checks of rights have said it.
  if (reports.every(({ status }) => status.problem?.code === "forbidden")) return [];
  const resolutions = await resolver.list({ signal });
  return [known(resolutions, namespace), ...ambiguous(resolutions), ...undeclared(resolutions), ...leftOut(reports)];
}

function known(resolutions: readonly Resolution[], namespace: string): Check {
  const name = "executors";
  const list = listed(resolutions.map(({ type, source }) => `${type} (${source})`));
  if (resolutions.length > 0) return { name, state: "ok", detail: `${resolutions.length} known: ${list}` };
  return {
    name,
    state: "warn",
    detail: `none are known in namespace ${namespace} or on the nodes`,
    fix: "build and load an image called executor-TYPE, or declare one; --template names other repositories",
  };
}

function ambiguous(resolutions: readonly Resolution[]): Check[] {
  const types = resolutions.filter(({ ambiguous }) => ambiguous).map(({ type }) => type);
  if (types.length === 0) return [];
  return [
    {
      name: "ambiguous",
      state: "warn",
      detail: `nothing shows which image of ${listed(types)} is the newest`,
      fix: "declare them, or keep `watch` or a dispatcher running while you build",
    },
  ];
}

function undeclared(resolutions: readonly Resolution[]): Check[] {
  const types = resolutions.filter(({ source }) => source === "nodes").map(({ type }) => type);
  if (types.length === 0) return [];
  return [
    {
      name: "declarations",
      state: "warn",
      detail: `not declared: ${listed(types)}; node images follow no undo and are up to 40 s late`,
      fix: "add a suspended CronJob named executor-TYPE for each: your build tool keeps its image current",
    },
  ];
}

function leftOut(reports: readonly SourceReport[]): Check[] {
  return reports.flatMap(({ notes }) => notes.map((detail): Check => ({ name: "left out", state: "warn", detail })));
}

const HOSTING = "/api/v1/namespaces/kube-public/configmaps/local-registry-hosting";

/**
 * Where a local registry is announced, Skaffold and Tilt push to it, and no node holds the images before they ran.
 * @see https://github.com/kubernetes/enhancements/tree/master/keps/sig-cluster-lifecycle/generic/1755-communicating-a-local-registry
 */
export async function checkLocalRegistry(
  resolver: Pick<Resolver, "list">,
  { api, signal }: DoctorContext,
): Promise<readonly Check[]> {
  const name = "local registry";
  let announced: unknown;
  try {
    announced = await api.request(HOSTING, { signal });
  } catch (error) {
    if (error instanceof KubernetesError && (error.code === "not-found" || error.code === "forbidden")) return [];
    throw error;
  }
  const text = textOf(memberAt(announced, "data", "localRegistryHosting.v1")) ?? "";
  const host = /^[ \t]*host:[ \t]*["']?([^"'\s]+)/m.exec(text)?.[1] ?? "one";
  const exact = (await resolver.list({ signal })).some(({ source }) => source !== "nodes");
  if (exact) return [{ name, state: "ok", detail: `${host} is announced, and executors are declared` }];
  return [
    {
      name,
      state: "warn",
      detail: `${host} is announced: Skaffold and Tilt push there instead of loading, so nodes lack what never ran`,
      fix: "declare the executors: a suspended CronJob named executor-TYPE for each",
    },
  ];
}
