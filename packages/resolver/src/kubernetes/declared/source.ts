import type { Clock, Random } from "../../clock.ts";
import type { ExecutorRegistryError } from "../../errors.ts";
import { createFindings, type Note } from "../../findings.ts";
import type { Logger } from "../../logger.ts";
import type { ExecutorTemplate } from "../../reference/template.ts";
import type { Finding } from "../../resolution.ts";
import { SourceState } from "../../source-state.ts";
import { findingsSource } from "../../findings-source.ts";
import type { Source } from "../../source.ts";
import type { KubernetesApi } from "../api.ts";
import { forbidden } from "../forbidden.ts";
import { createMirror } from "../mirror.ts";
import { reflect } from "../reflector.ts";
import { cronJobsPath } from "./cron-jobs-path.ts";
import { type Declaration, type DeclaringKind, readDeclaration } from "./declaration.ts";
import { exactFinding } from "./exact.ts";

export interface DeclaredSourceOptions {
  readonly api: KubernetesApi;
  readonly template: ExecutorTemplate;
  readonly namespace: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

const KINDS = ["CronJob", "Deployment"] as const;

/**
 * Executors declared by a suspended CronJob, or by a Deployment of no replicas, named by the template or labelled
 * `executor-registry.dev/type`. One of the two collections is enough where RBAC forbids the other.
 */
export function createDeclaredSource({ api, template, namespace, log, clock, random }: DeclaredSourceOptions): Source {
  const state = new SourceState(clock);
  const ending = new AbortController();
  const { signal } = ending;
  const findings = createFindings((type) => state.changed(type));
  const problems = new Map<DeclaringKind, ExecutorRegistryError | undefined>();

  const follow = (kind: DeclaringKind) =>
    createMirror<Declaration | Note>({
      read: (object) => readDeclaration(kind, object, template),
      changed: collect,
      contact(problem) {
        problems.set(kind, problem);
        judge();
      },
    });
  const mirrors = { CronJob: follow("CronJob"), Deployment: follow("Deployment") };
  /** What was never allowed to be seen is left out; what is no longer allowed to be seen is stale. */
  const isLeftOut = (kind: DeclaringKind): boolean =>
    problems.get(kind)?.code === "forbidden" && !mirrors[kind].complete();

  function judge(): void {
    if (KINDS.some((kind) => !problems.has(kind))) return;
    const leftOut = KINDS.filter(isLeftOut);
    const lost = KINDS.filter((kind) => !leftOut.includes(kind)).map((kind) => problems.get(kind));
    const problem = lost.find((found) => found !== undefined);
    const refusal = problems.get("CronJob");
    collect();
    if (leftOut.length === KINDS.length && refusal) {
      const what = `neither CronJobs nor Deployments of namespace ${namespace} may be read`;
      state.lost(forbidden({ what, features: ["declared"], namespace, cause: refusal }));
    } else if (problem) state.lost(problem);
    else state.ready();
  }

  function collect(): void {
    const read = KINDS.flatMap((kind) => [...mirrors[kind].values()]);
    const declarations = read.filter((one) => "from" in one);
    const types = new Set(declarations.map(({ type }) => type));
    const leftOut = KINDS.filter(isLeftOut).map((kind) => ({
      text: `${kind}s are left out: RBAC forbids to read them`,
    }));
    findings.replace(
      new Map([...types].map((type) => [type, findingOf(declarations.filter((one) => one.type === type))])),
      [...leftOut, ...read.filter((one) => "text" in one)],
    );
  }

  const options = { api, signal, log, clock, random };
  const running = Promise.all([
    cronJobsPath({ ...options, namespace, contact: mirrors.CronJob.contact }).then(
      (path) => path && reflect({ ...options, path, handler: mirrors.CronJob }),
    ),
    reflect({ ...options, path: `/apis/apps/v1/namespaces/${namespace}/deployments`, handler: mirrors.Deployment }),
  ]);

  return findingsSource("declared", state, findings, () => {
    ending.abort();
    return running;
  });
}

/** CronJobs before Deployments, then by name. */
function findingOf(declarations: readonly Declaration[]): Finding {
  const [first, ...others] = [...declarations].sort((a, b) => (a.from < b.from ? -1 : 1));
  if (!first) throw new RangeError("a group has at least one member");
  const { from, container, pod, job } = first;
  const shadowed = others.map(
    (other) => `${other.from} declares ${other.type} too, as ${other.reference.original}; ${from} is used`,
  );
  return exactFinding({
    ...first,
    template: { from, container, pod, ...(job && { job }) },
    warnings: [...first.warnings, ...shadowed],
  });
}
