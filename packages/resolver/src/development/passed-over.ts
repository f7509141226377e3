import type { Sources } from "./combine.ts";
import { refusedBecause } from "../kubernetes/api/forbidden.ts";
import { rbacNeed } from "../kubernetes/api/rbac.ts";
import type { Source } from "../sources/source.ts";

/** The source whose answer counts for a type, and the more exact ones that have none. */
export interface AnsweringSource {
  readonly source: Source | undefined;
  readonly better: readonly Source[];
}

/** Where a type is answered from, if anywhere. */
export function answeringSource(type: string, { list }: Pick<Sources, "list">): AnsweringSource {
  const place = list.findIndex((source) => source.find(type) !== undefined);
  return place < 0 ? { source: undefined, better: list } : { source: list[place], better: list.slice(0, place) };
}

/** The first source that was never read, for another reason than RBAC: what it would say is not known. */
export function firstUnread(list: readonly Source[]): Source | undefined {
  return list.find((source) => {
    const { state, problem } = source.status();
    return state === "starting" || (state === "unavailable" && problem?.code !== "forbidden");
  });
}

/** A source that was never read and might name another image of this type than what is known now. */
export function unreadFor(type: string, sources: Pick<Sources, "list">): Source | undefined {
  return firstUnread(answeringSource(type, sources).better);
}

/** What a person should know of the more exact sources that have no answer. */
export function passedOver(type: string, better: readonly Source[], sources: Sources): readonly string[] {
  return better.flatMap((source) => {
    const { state, since, problem } = source.status(type);
    const what = described(source, sources);
    if (state === "unavailable") {
      const refused = refusedBecause(problem, resourcesOf(source, sources));
      return [`${what} ${refused}; if ${type} is declared there, this is not the image that is meant`];
    }
    const lost =
      state === "stale"
        ? [
            `${what} could not be read since ${new Date(since).toISOString()} (${firstLine(problem)}); if ${type} was declared there since, it is not known`,
          ]
        : [];
    return [...lost, ...(source.notes?.(type) ?? [])];
  });
}

/** Whether what is declared by objects can be seen at all, so that declaring is advice. */
export function seesDeclarations({ list }: Pick<Sources, "list">): boolean {
  const declared = list.find(({ name }) => name === "declared");
  if (!declared) return false;
  const { problem, forbidden } = declared.status();
  return problem?.code !== "forbidden" && forbidden === undefined;
}

/** A source as text: what is read there, and where. */
export function described({ name }: Source, { namespace, configMap }: Sources): string {
  switch (name) {
    case "declared":
      return `declared executors (CronJobs and Deployments) of namespace ${namespace}`;
    case "configmap":
      return `ConfigMap ${configMap ?? "executors"} of namespace ${namespace}`;
    case "nodes":
      return "the images on nodes";
    case "oci-layout":
    case "registry":
      return name;
  }
}

/** A refusal's message ends with the YAML to apply; a warning is one line. */
function firstLine(problem: Error | undefined): string {
  return problem?.message.split("\n", 1)[0] ?? "no reason given";
}

function resourcesOf({ name }: Source, { configMap }: Sources): readonly string[] {
  if (name !== "declared" && name !== "configmap" && name !== "nodes") return [];
  return rbacNeed(name, configMap).rules.flatMap(({ apiGroups: [group], resources }) =>
    resources.map((resource) => (group ? `${resource}.${group}` : resource)),
  );
}
