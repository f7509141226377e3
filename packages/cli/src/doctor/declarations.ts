import { KubernetesError } from "@executor-registry/resolver/kubernetes";
import type { Resolver } from "@executor-registry/resolver";
import type { Finding, Patient } from "./check.ts";

/** Which executors are known from where, and what was left out. */
export async function checkExecutors(resolver: Resolver, { signal, namespace }: Patient): Promise<readonly Finding[]> {
  const [resolutions, reports] = [await resolver.list({ signal }), await resolver.sources({ signal })];
  const of = (source: string): string[] =>
    resolutions.filter((resolution) => resolution.source === source).map(({ type }) => type);
  const known: Finding =
    resolutions.length > 0
      ? {
          state: "ok",
          check: "executors",
          detail: `${resolutions.length} known: ${resolutions.map(({ type, source }) => `${type} (${source})`).join(", ")}`,
        }
      : {
          state: "warn",
          check: "executors",
          detail: `none are known in namespace ${namespace} or on the nodes`,
          fix: "build and load an image called executor-TYPE, or declare one; the names can be changed with --template",
        };
  const unsure = resolutions.filter(({ ambiguous }) => ambiguous).map(({ type }) => type);
  return [
    known,
    ...(unsure.length > 0
      ? [
          {
            state: "warn",
            check: "ambiguous",
            detail: `nothing tells which image of ${unsure.join(", ")} is the newest`,
            fix: "declare them, or keep `watch` or a dispatcher running while you build",
          } as const,
        ]
      : []),
    ...(of("declared").length === 0 && of("nodes").length > 0
      ? [
          {
            state: "warn",
            check: "declarations",
            detail: "no executor is declared; node images follow no undo and are up to 40 s late",
            fix: "add a suspended CronJob named executor-TYPE for each type: your build tool keeps its image current",
          } as const,
        ]
      : []),
    ...reports.flatMap(({ notes }) =>
      notes.map((note) => ({ state: "warn", check: "left out", detail: note }) as const),
    ),
  ];
}

/** Where a local registry is announced, Skaffold and Tilt push to it, and no node ever holds the images. */
export async function checkLocalRegistry({ api, signal }: Patient, declared: boolean): Promise<readonly Finding[]> {
  try {
    const announced = await api.request("/api/v1/namespaces/kube-public/configmaps/local-registry-hosting", { signal });
    const text =
      (announced as { readonly data?: Readonly<Record<string, string>> }).data?.["localRegistryHosting.v1"] ?? "";
    const host = /host:\s*"?([^"\s]+)/.exec(text)?.[1] ?? "a local registry";
    const detail = `${host} is announced, so Skaffold and Tilt push there instead of loading, and nodes do not hold what was not run yet`;
    return [
      declared
        ? { state: "ok", check: "local registry", detail: `${host} is announced, and executors are declared` }
        : {
            state: "warn",
            check: "local registry",
            detail,
            fix: "declare the executors: a suspended CronJob named executor-TYPE for each",
          },
    ];
  } catch (error) {
    if (error instanceof KubernetesError && (error.code === "not-found" || error.code === "forbidden")) return [];
    throw error;
  }
}
