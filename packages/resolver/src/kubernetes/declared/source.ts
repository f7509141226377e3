import type { Clock, Random } from "../../clock.ts";
import type { ExecutorRegistryError } from "../../errors.ts";
import type { Logger } from "../../logger.ts";
import type { ExecutorTemplate } from "../../reference/template.ts";
import type { Finding } from "../../resolution.ts";
import type { Source } from "../../source.ts";
import { SourceState } from "../../source-state.ts";
import type { KubernetesApi } from "../api.ts";
import { createMirror, type Mirror } from "../mirror.ts";
import { reflect } from "../reflector.ts";
import { cronJobsPath } from "./cron-jobs-path.ts";
import { type Declaration, type DeclaringKind, type Reading, readDeclaration } from "./declaration.ts";
import { exactFinding } from "./exact.ts";

export interface DeclaredSourceOptions {
  readonly api: KubernetesApi;
  readonly template: ExecutorTemplate;
  readonly namespace: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Executors declared by a suspended CronJob, or by a Deployment of no replicas, named by the template or labelled
 * `executor-registry.dev/type`. One of the two collections is enough where RBAC forbids the other.
 */
export function createDeclaredSource({ api, template, namespace, log, clock, random }: DeclaredSourceOptions): Source {
  const state = new SourceState(clock);
  const ending = new AbortController();
  const { signal } = ending;
  const problems = new Map<DeclaringKind, ExecutorRegistryError | undefined>();
  let findings = new Map<string, Finding>();
  let notes: readonly string[] = [];

  const follow = (kind: DeclaringKind): Mirror<Reading> =>
    createMirror({
      read: (object) => readDeclaration(kind, object, template),
      changed: () => digest(),
      contact(problem) {
        problems.set(kind, problem);
        if (problems.size < 2) return;
        const broken = [...problems.values()].filter((found) => found !== undefined);
        // Forbidden is a choice of the cluster's, not a loss: the other collection then is the whole source.
        const lost = broken.find(({ code }) => code !== "forbidden") ?? (broken.length === 2 ? broken[0] : undefined);
        if (lost) state.lost(lost);
        else state.ready();
      },
    });
  const mirrors = { CronJob: follow("CronJob"), Deployment: follow("Deployment") };

  function digest(): void {
    const readings = [...mirrors.CronJob.values(), ...mirrors.Deployment.values()];
    notes = readings.filter((reading) => typeof reading === "string");
    const declarations = readings.filter((reading) => typeof reading === "object");
    const types = new Set(declarations.map(({ type }) => type));
    findings = new Map([...types].map((type) => [type, findingOf(declarations.filter((one) => one.type === type))]));
    state.changed();
  }

  const options = { api, signal, log, clock, random };
  const running = Promise.all([
    cronJobsPath({ ...options, namespace, contact: mirrors.CronJob.contact }).then(
      (path) => path && reflect({ ...options, path, handler: mirrors.CronJob }),
    ),
    reflect({ ...options, path: `/apis/apps/v1/namespaces/${namespace}/deployments`, handler: mirrors.Deployment }),
  ]);

  return {
    name: "declared",
    settled: state.settled,
    status: () => state.status(),
    find: (type) => findings.get(type),
    types: () => findings.keys(),
    notes: () => notes,
    onChange: (listener) => state.onChange(listener),
    async close() {
      ending.abort();
      await running;
      state.close();
    },
  };
}

/** CronJobs before Deployments, then by name. */
function findingOf(declarations: readonly Declaration[]): Finding {
  const [first, ...others] = [...declarations].sort((a, b) => (a.from < b.from ? -1 : 1));
  if (!first) throw new RangeError("a group has at least one member");
  const { reference, from, pullPolicy, container, pod } = first;
  const warnings = others.map(
    (other) => `${other.from} declares ${other.type} too, as ${other.reference.original}; ${from} is used`,
  );
  return exactFinding({ reference, from, pullPolicy, template: { from, container, pod }, warnings });
}
