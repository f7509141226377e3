import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { JobRequest } from "@executor-registry/dispatcher";
import type { PodTemplate } from "@executor-registry/resolver";
import { isObject, memberAt, objectOf, readJobTemplate } from "@executor-registry/resolver/internal";
import { parse } from "yaml";
import type { Flags } from "../base/flags.ts";
import { type Given, text } from "../base/parse-flags.ts";
import { UsageError } from "../base/usage-error.ts";

/** The flags that say how to run. */
export const REQUEST_FLAGS = {
  id: {
    type: "string",
    value: "ID",
    help: "idempotency key: while its Job exists, the same id never runs again (default: random)",
  },
  command: { type: "boolean", help: "words after -- replace the image's entrypoint" },
  env: {
    type: "string",
    short: "e",
    multiple: true,
    value: "NAME=VALUE",
    help: "an environment variable; may be repeated",
  },
  cpu: { type: "string", value: "AMOUNT", help: "CPU requested, such as 500m" },
  memory: { type: "string", value: "AMOUNT", help: "memory requested, and the limit, such as 256Mi" },
  "service-account": { type: "string", value: "NAME", help: "the service account to run as" },
  ttl: {
    type: "string",
    value: "SECONDS",
    help: "how long the finished Job is kept (default: as declared, else 3600)",
  },
  deadline: {
    type: "string",
    value: "SECONDS",
    help: "after how long the cluster ends the Job (default: as declared)",
  },
  "template-file": {
    type: "string",
    value: "FILE",
    names: "file",
    help: "a pod template (YAML or JSON), or a Job, CronJob or other object that has one, to merge in",
  },
  "security-context": {
    type: "string",
    value: "PROFILE",
    choices: ["restricted", "none"],
    help: "restricted (default) or none",
  },
} as const satisfies Flags;

/** What was asked for, and what of it cannot be used. */
export interface GivenRequest {
  readonly request: JobRequest;
  readonly warnings: readonly string[];
}

/**
 * What the flags ask for.
 * @throws UsageError
 */
export async function requestFrom(given: Given): Promise<GivenRequest> {
  const { rest, flags } = given;
  if (flags["command"] && rest.length === 0) throw new UsageError("--command needs words after --", "run");
  const [cpu, memory, serviceAccountName] = [text(given, "cpu"), text(given, "memory"), text(given, "service-account")];
  const [ttlSecondsAfterFinished, activeDeadlineSeconds] = [seconds(given, "ttl"), seconds(given, "deadline")];
  const [namespace, file] = [text(given, "namespace"), text(given, "template-file")];
  const securityContext = text(given, "security-context") as "restricted" | "none" | undefined;
  const requests = { ...(cpu && { cpu }), ...(memory && { memory }) };
  const env = Object.fromEntries(((flags["env"] ?? []) as readonly string[]).map(variable));
  const { template, job, warnings } = file === undefined ? NO_FILE : await readTemplateFile(file);
  const request = {
    id: text(given, "id") ?? randomUUID(),
    ...(namespace && { namespace }),
    ...(rest.length > 0 && (flags["command"] ? { command: rest } : { args: rest })),
    ...(Object.keys(env).length > 0 && { env }),
    ...((cpu ?? memory) !== undefined && { resources: { requests, ...(memory && { limits: { memory } }) } }),
    ...(serviceAccountName && { serviceAccountName }),
    ...(ttlSecondsAfterFinished !== undefined && { ttlSecondsAfterFinished }),
    ...(activeDeadlineSeconds !== undefined && { activeDeadlineSeconds }),
    ...(securityContext && { securityContext }),
    ...(template && { template }),
    ...(job && { job }),
  };
  return { request, warnings };
}

function variable(entry: string): readonly [string, string] {
  const at = entry.indexOf("=");
  if (at < 1) throw new UsageError(`--env ${entry} is not of the form NAME=VALUE`, "run");
  return [entry.slice(0, at), entry.slice(at + 1)];
}

/** A flag that counts seconds. */
export function seconds(given: Given, name: string): number | undefined {
  const value = text(given, name);
  if (value === undefined) return undefined;
  if (!/^\d{1,9}$/.test(value)) throw new UsageError(`--${name} ${value} is not a whole number of seconds`, "run");
  return Number(value);
}

/** What a file says, and what of it is not used. */
interface TemplateFile extends Pick<JobRequest, "template" | "job"> {
  readonly warnings: readonly string[];
}

const NO_FILE: TemplateFile = { warnings: [] };

/** A pod template, or an object that has one: of a Job and a CronJob what it says of the Job counts too. */
async function readTemplateFile(file: string): Promise<TemplateFile> {
  let content: unknown;
  try {
    content = parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new UsageError(`--template-file ${file} cannot be read: ${(error as Error).message}`, "run");
  }
  const template = podTemplateOf(content);
  if (!template) throw new UsageError(`--template-file ${file} holds no pod template: it has no spec`, "run");
  const { job, unused } = jobOf(content);
  const warnings = unused.map((field) => `${field} of ${file} is not used: an executor's Job runs one pod`);
  return { template, ...(job && { job }), warnings };
}

function podTemplateOf(content: unknown): PodTemplate | undefined {
  const { metadata, spec, template } = objectOf(content);
  if (!isObject(spec)) return template === undefined ? undefined : podTemplateOf(template);
  const inner = spec["jobTemplate"] ?? spec["template"];
  return inner === undefined ? { ...(isObject(metadata) && { metadata }), spec } : podTemplateOf(inner);
}

/** By the rules for a declaration: a Deployment's fields are about the Deployment. */
function jobOf(content: unknown): ReturnType<typeof readJobTemplate> {
  const declared = memberAt(content, "kind") === "Job" ? content : memberAt(content, "spec", "jobTemplate");
  return readJobTemplate(objectOf(declared));
}
