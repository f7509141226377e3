import type { Sources } from "./combine.ts";
import type { ExecutorRegistryError } from "./errors.ts";
import { forbidden } from "./kubernetes/forbidden.ts";
import { nearMisses } from "./near-misses.ts";
import type { DevelopmentSource } from "./options.ts";
import { UnknownTypeError } from "./resolver-errors.ts";
import type { Source } from "./source.ts";

/** More hints than this hide the one that matters. */
const HINTS = 5;

/** Why no source could answer for a type: one that might have was never reached, or is forbidden, or there is no such executor. */
export function noAnswer(type: string, sources: Sources): ExecutorRegistryError {
  const { list } = sources;
  const known = list.flatMap((source) => [...source.types()]);
  const near = nearMisses(type, known);
  const meant = near.length > 0 ? `; did you mean ${near.join(" or ")}?` : "";
  const problem = obstacle(
    list,
    sources,
    (names) => `${names} may not be read, and no other source knows an image of executor type "${type}"${meant}`,
  );
  if (problem) return problem;
  const own = list.flatMap((source) => source.notes?.(type) ?? []);
  const notes = own.length > 0 ? own : list.flatMap((source) => source.notes?.() ?? []);
  const lost = list.flatMap((source) => {
    const { state, since, problem } = source.status();
    return state === "stale"
      ? [`${source.name} has no contact since ${new Date(since).toISOString()}: ${problem?.message}`]
      : [];
  });
  return new UnknownTypeError(type, known, [...notes.slice(0, HINTS), ...lost]);
}

/** Why nothing can be known at all, or `undefined` when at least one source can be read. */
export function unreadable(sources: Sources): ExecutorRegistryError | undefined {
  const { list } = sources;
  if (list.some((source) => source.status().state !== "unavailable")) return undefined;
  return obstacle(list, sources, (names) => `${names} may not be read`);
}

/** What keeps some of the sources from answering; no contact before no permission, for it may hide more. */
function obstacle(
  list: readonly Source[],
  { namespace, configMap }: Sources,
  what: (names: string) => string,
): ExecutorRegistryError | undefined {
  const broken = list.flatMap((source) => {
    const { state, problem } = source.status();
    return state === "unavailable" && problem ? [{ name: source.name, problem }] : [];
  });
  const lost = broken.find(({ problem }) => problem.code !== "forbidden");
  if (lost) return lost.problem;
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
