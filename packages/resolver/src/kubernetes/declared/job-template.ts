import type { JobTemplate, PodTemplate } from "../../contract/resolution.ts";

/** A CronJob's `spec.jobTemplate`. */
export interface DeclaredJob {
  readonly metadata?: PodTemplate["metadata"];
  readonly spec?: Readonly<Record<string, unknown>> & { readonly template?: PodTemplate };
}

/** What holds for the Jobs of a declaration, and what cannot. */
export interface JobTemplateReading {
  readonly job?: JobTemplate;
  /** The fields that are not used, such as `completions: 3`. */
  readonly unused: readonly string[];
}

/** What asks for more pods than the one an executor's Job has, or for other pods; `1` and the default are no such wish. */
const FOR_MORE_PODS: Readonly<Record<string, (value: unknown) => boolean>> = {
  completions: (value) => value !== 1,
  parallelism: (value) => value !== 1,
  completionMode: (value) => value !== "NonIndexed",
  backoffLimitPerIndex: () => true,
  maxFailedIndexes: () => true,
  successPolicy: () => true,
  selector: () => true,
  manualSelector: (value) => value !== false,
};

/**
 * Reads what a job template says of the Job itself: labels, annotations, and the fields of its spec but for the pod
 * template. Fields that are not known here are kept: the API server is their judge.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/
 */
export function readJobTemplate({ metadata, spec }: DeclaredJob): JobTemplateReading {
  const { template: _pod, ...fields } = spec ?? {};
  const said = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  const kept = said.filter(([name]) => !Object.hasOwn(FOR_MORE_PODS, name));
  const unused = said.flatMap(([name, value]) => (FOR_MORE_PODS[name]?.(value) ? wordsFor(name, value) : []));
  const { labels, annotations } = metadata ?? {};
  const about = { ...(labels && { labels }), ...(annotations && { annotations }) };
  const job = {
    ...(Object.keys(about).length > 0 && { metadata: about }),
    ...(kept.length > 0 && { spec: Object.fromEntries(kept) }),
  };
  return { ...(Object.keys(job).length > 0 && { job }), unused };
}

function wordsFor(name: string, value: unknown): string {
  return typeof value === "object" ? name : `${name}: ${JSON.stringify(value)}`.replaceAll('"', "");
}
