import type { Clock, Random } from "../../tools/clock.ts";
import { createFindings, type Note } from "../../sources/findings.ts";
import type { Logger } from "../../tools/logger.ts";
import type { ExecutorTemplate } from "../../reference/template.ts";
import type { Finding } from "../../contract/resolution.ts";
import { SourceState } from "../../contract/source-state.ts";
import type { Source } from "../../sources/source.ts";
import type { SourceStatus } from "../../contract/resolver.ts";
import type { KubernetesApi } from "../api/api.ts";
import { forbidden, refusedBecause } from "../api/forbidden.ts";
import { createMirror } from "../api/mirror.ts";
import { reflect } from "../api/reflector.ts";
import { cronJobsPath } from "./cron-jobs-path.ts";
import { type Declaration, type DeclaringKind, readDeclaration } from "./declaration.ts";
import { exactFinding } from "./exact.ts";
import { valueTimes } from "./value-times.ts";

export interface DeclaredSourceOptions {
  readonly api: KubernetesApi;
  readonly template: ExecutorTemplate;
  readonly namespace: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** The one whose word counts first. */
const KINDS = ["CronJob", "Deployment"] as const;

/** The worst first. */
const WORST: readonly SourceStatus["state"][] = ["starting", "unavailable", "stale", "ready"];

/**
 * Executors declared by a suspended CronJob, or by a Deployment of no replicas, named by the template or labelled
 * `executor-registry.dev/type`. One of the two collections is enough where RBAC forbids the other, with a warning. Where
 * CronJobs were never read for another reason, no Deployment answers in their place.
 */
export function createDeclaredSource({ api, template, namespace, log, clock, random }: DeclaredSourceOptions): Source {
  const states = { CronJob: new SourceState(clock), Deployment: new SourceState(clock) };
  const ending = new AbortController();
  const { signal } = ending;
  const findings = createFindings({ clock, signal, changed: (type) => states.CronJob.changed(type) });
  const times = valueTimes({ api, signal, clock, random, changed: collect });
  let declaring: ReadonlyMap<string, DeclaringKind> = new Map();

  const follow = (kind: DeclaringKind) =>
    createMirror<Declaration | Note>({
      read: (object) => readDeclaration(kind, object, template),
      changed() {
        if (mirrors[kind].complete()) states[kind].complete();
        collect();
      },
      contact(problem) {
        if (problem) states[kind].lost(problem);
        else states[kind].ready();
        collect();
      },
    });
  const mirrors = { CronJob: follow("CronJob"), Deployment: follow("Deployment") };
  /** What was never allowed to be seen is left out; what is no longer allowed to be seen is stale. */
  const isLeftOut = (kind: DeclaringKind): boolean => {
    const { state, problem } = states[kind].status();
    return state === "unavailable" && problem?.code === "forbidden";
  };

  function collect(): void {
    // Before CronJobs were read it is not known which types a Deployment may answer for.
    const certain = mirrors.CronJob.complete() || isLeftOut("CronJob") ? KINDS : (["CronJob"] as const);
    const read = certain.flatMap((kind) => [...mirrors[kind].values()]);
    const leftOut = KINDS.filter(isLeftOut).map((kind) => ({ kind, text: leftOutText(kind) }));
    const declarations = read.filter((one) => "from" in one);
    const found = [...new Set(declarations.map(({ type }) => type))].map((type) => {
      const own = declarations.filter((one) => one.type === type).sort((a, b) => (a.from < b.from ? -1 : 1));
      const kind: DeclaringKind = own[0]?.from.startsWith("CronJob/") ? "CronJob" : "Deployment";
      const better = leftOut.filter((other) => KINDS.indexOf(other.kind) < KINDS.indexOf(kind));
      return {
        type,
        kind,
        finding: findingOf(
          own,
          times.trusted(),
          better.map(({ text }) => text),
        ),
      };
    });
    declaring = new Map(found.map(({ type, kind }) => [type, kind]));
    findings.replace(new Map(found.map(({ type, finding }) => [type, finding])), [
      ...leftOut.map(({ text }) => ({ text, every: true })),
      ...read.filter((one) => "text" in one),
    ]);
  }

  function leftOutText(kind: DeclaringKind): string {
    const resource = kind === "CronJob" ? "cronjobs.batch" : "deployments.apps";
    const { problem } = states[kind].status();
    return `${kind}s of namespace ${namespace} ${refusedBecause(problem, [resource])}; what they declare is not seen`;
  }

  function status(type?: string): SourceStatus {
    const kind = type === undefined ? undefined : declaring.get(type);
    if (kind) return states[kind].status();
    const seen = KINDS.filter((one) => !isLeftOut(one)).map((one) => states[one].status());
    const [worst] = seen.sort((a, b) => WORST.indexOf(a.state) - WORST.indexOf(b.state));
    const refused = KINDS.find(isLeftOut);
    if (worst) {
      const cause = refused && states[refused].status().problem;
      return cause ? { ...worst, forbidden: cause } : worst;
    }
    const { since, problem: cause } = states.CronJob.status();
    const what = `neither CronJobs nor Deployments of namespace ${namespace} may be read`;
    const problem = cause && forbidden({ what, features: ["declared"], namespace, cause });
    return { state: "unavailable", since, ...(problem && { problem }) };
  }

  const options = { api, signal, log, clock, random };
  const running = Promise.all([
    times.ended,
    cronJobsPath({ ...options, namespace, contact: mirrors.CronJob.contact }).then(
      (path) => path && reflect({ ...options, path, handler: mirrors.CronJob }),
    ),
    reflect({ ...options, path: `/apis/apps/v1/namespaces/${namespace}/deployments`, handler: mirrors.Deployment }),
  ]);

  return {
    name: "declared",
    settled: Promise.all([states.CronJob.settled, states.Deployment.settled, times.settled]),
    status,
    find: findings.find,
    types: findings.types,
    notes: findings.notes,
    onChange(listener) {
      const stops = KINDS.map((kind) => states[kind].onChange(listener));
      return () => stops.forEach((stop) => stop());
    },
    async close() {
      ending.abort();
      await running;
      for (const kind of KINDS) states[kind].close();
    },
  };
}

/** @param declarations of one type, the first counts @param warnings of what could not be seen */
function findingOf(declarations: readonly Declaration[], timed: boolean, warnings: readonly string[]): Finding {
  const [first, ...others] = declarations;
  if (!first) throw new RangeError("a group has at least one member");
  const { from, at, container, pod, job } = first;
  const shadowed = others.map(
    (other) => `${other.from} declares ${other.type} too, as ${other.reference.original}; ${from} is used`,
  );
  return exactFinding({
    ...first,
    at: timed ? at : undefined,
    template: { from, container, pod, ...(job && { job }) },
    warnings: [...warnings, ...first.warnings, ...shadowed],
  });
}
