import type { Sources } from "./combine.ts";
import type { ExecutorRegistryError } from "../tools/errors.ts";
import { forbidden } from "../kubernetes/api/forbidden.ts";
import { nearMisses } from "../tools/near-misses.ts";
import type { DevelopmentSource } from "./options.ts";
import { described, firstUnread } from "./passed-over.ts";
import { SourceUnreadError, UnknownTypeError } from "../contract/resolver-errors.ts";
import type { Source } from "../sources/source.ts";

/** More hints than this hide the one that matters. */
const HINTS = 5;

/** That a source was never read, so that nothing can be said of a type, or of the executors there are. */
export function unread(source: Source, sources: Sources, type?: string): ExecutorRegistryError {
  const { problem } = source.status();
  // A folder is the only source where it is one, and its problem names it.
  if (problem && source.name === "oci-layout") return problem;
  const what = described(source, sources);
  const unknown =
    type === undefined ? "which executors there are is not known" : `the image of executor type "${type}" is not known`;
  return new SourceUnreadError({ source: source.name, what, unknown }, problem);
}

/** Why no source could answer for a type: one that might have was never read, or is forbidden, or there is no such executor. */
export function noAnswer(type: string, sources: Sources): ExecutorRegistryError {
  const { list, namespaceWatch } = sources;
  const lost = firstUnread(list);
  if (lost) return unread(lost, sources, type);
  const known = list.flatMap((source) => [...source.types()]);
  const near = nearMisses(type, known);
  const meant = near.length > 0 ? `; did you mean ${near.join(" or ")}?` : "";
  const problem = refused(
    sources,
    (names) => `${names} may not be read, and no other source knows an image of executor type "${type}"${meant}`,
  );
  if (problem) return problem;
  const own = list.flatMap((source) => source.notes?.(type) ?? []);
  const notes = own.length > 0 ? own : list.flatMap((source) => source.notes?.() ?? []);
  const stale = list.flatMap((source) => {
    const { state, since, problem } = source.status();
    return state === "stale"
      ? [`${source.name} has no contact since ${new Date(since).toISOString()}: ${problem?.message}`]
      : [];
  });
  const missing = namespaceWatch?.missing();
  const hints = [...(missing === undefined ? [] : [missing]), ...notes.slice(0, HINTS), ...stale];
  return new UnknownTypeError(type, known, hints.length === 0 && known.length === 0 ? [firstStep(sources)] : hints);
}

/** What to do where there is no executor at all. */
function firstStep({ list, namespace }: Pick<Sources, "list" | "namespace">): string {
  const has = (name: Source["name"]): boolean => list.some((source) => source.name === name);
  const ways = [
    ...(has("declared") ? [`declare one by a suspended CronJob named executor-TYPE in namespace ${namespace}`] : []),
    ...(has("configmap") && !has("declared") ? [`list one in the ConfigMap of namespace ${namespace}`] : []),
    ...(has("nodes") ? ["load an image called executor-TYPE into the nodes"] : []),
  ];
  return ways.length === 0 ? "the folder holds no image of an executor" : ways.join(", or ");
}

/** Why nothing can be known at all: RBAC forbids every source. */
export function everySourceForbidden(sources: Sources): ExecutorRegistryError | undefined {
  const { list } = sources;
  if (list.some((source) => source.status().problem?.code !== "forbidden" || source.status().state !== "unavailable"))
    return undefined;
  return refused(sources, (names) => `${names} may not be read`);
}

/** What RBAC keeps from answering, with the rules that allow it. */
function refused(
  { list, namespace, configMap }: Sources,
  what: (names: string) => string,
): ExecutorRegistryError | undefined {
  const broken = list.flatMap((source) => {
    const { state, problem, forbidden } = source.status();
    const cause = state === "unavailable" ? problem : forbidden;
    return cause ? [{ name: source.name, problem: cause }] : [];
  });
  const [first] = broken;
  if (!first) return undefined;
  const names = broken.map(({ name }) => name);
  return forbidden({
    what: what(names.join(", ")),
    features: names.filter(isOfCluster),
    namespace,
    configMap,
    cause: first.problem,
  });
}

function isOfCluster(name: Source["name"]): name is DevelopmentSource {
  return name === "declared" || name === "configmap" || name === "nodes";
}
