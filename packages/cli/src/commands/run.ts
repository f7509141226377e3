import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  deleteJob,
  follow,
  InvalidRequestError,
  jobFor,
  type JobRequest,
  type JobResult,
  submit,
} from "@executor-registry/dispatcher";
import type { PodTemplate } from "@executor-registry/resolver";
import { connect, type KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { parse, stringify } from "yaml";
import type { Command } from "../command.ts";
import type { Given } from "../parse-flags.ts";
import type { Io } from "../io.ts";
import { styler } from "../output/colour.ts";
import { withProgress } from "../progress.ts";
import { connectOptions, layoutOf, loggerFor, openResolver, text } from "../session.ts";
import { UsageError } from "../usage-error.ts";

/** The exit codes of a run whose executor did not run to its own end, as `docker run` and shells have them. */
export const NOT_RUN = 125;
export const CANCELLED = 130;

export const run: Command = {
  name: "run",
  summary: "run an executor as a Job, follow its log, exit with its code",
  usage: "TYPE [flags] [-- ARGUMENTS…]",
  details: `Words after -- are the executor's arguments, or with --command its whole command. Ctrl-C deletes the Job.
Exits with the executor's code; with ${NOT_RUN} when it could not be run, with ${CANCELLED} when it was cancelled.`,
  flags: {
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
    ttl: { type: "string", value: "SECONDS", help: "how long the finished Job is kept (default: 3600)" },
    deadline: { type: "string", value: "SECONDS", help: "after how long the cluster ends the Job" },
    "start-timeout": { type: "string", value: "SECONDS", help: "how long it may take to start (default: 120)" },
    "template-file": { type: "string", value: "FILE", help: "a pod template (YAML or JSON) to merge in" },
    "security-context": {
      type: "string",
      value: "PROFILE",
      choices: ["restricted", "none"],
      help: "restricted (default) or none",
    },
    subject: { type: "string", value: "KEY", help: "the run or tenant to resolve for" },
    detach: { type: "boolean", short: "d", help: "print the Job's name instead of following it" },
    "dry-run": { type: "boolean", help: "print the Job (-o yaml or json) instead of running it" },
  },
  words: { least: 1, most: 1 },
  takesRest: true,
  async run(given, io) {
    const [type = ""] = given.words;
    if (layoutOf(given, io) !== undefined)
      throw new UsageError("run needs a cluster; a layout only holds images", "run");
    const request = await requestFrom(given);
    const api = await connect(connectOptions(given));
    const resolver = openResolver(given, io, "write", api);
    try {
      const subject = text(given, "subject");
      const asked = { signal: io.signal, ...(subject !== undefined && { subject }) };
      const resolution = await withProgress(io, `resolving ${type}`, resolver.resolve(type, asked));
      const job = jobFor(resolution, request);
      if (given.flags["dry-run"]) {
        io.stdout.write(text(given, "output") === "json" ? `${JSON.stringify(job, null, 2)}\n` : stringify(job));
        return 0;
      }
      const dim = styler(io, io.stderr);
      const say = (message: string): void => io.stderr.write(`${dim("dim", message)}\n`);
      say(`${resolution.image}: ${resolution.reason}`);
      if (resolution.ambiguous) io.stderr.write(`warning: ambiguous: ${resolution.advice ?? resolution.reason}\n`);
      return await start(api, job, given, io, say);
    } finally {
      await resolver.close();
      api.close();
    }
  },
};

async function start(
  api: KubernetesApi,
  job: ReturnType<typeof jobFor>,
  given: Given,
  io: Io,
  say: (message: string) => void,
): Promise<number> {
  const logger = loggerFor(given, io);
  const { name } = job.metadata;
  const submission = await submit(api, job, { signal: io.signal }).catch(async (error: unknown) => {
    if (io.signal.aborted) await deleteJob(api, { namespace: job.metadata.namespace ?? api.namespace, name });
    throw error;
  });
  if (given.flags["detach"]) {
    io.stdout.write(`job.batch/${name}\n`);
    return 0;
  }
  say(submission.created ? `job ${name}` : `job ${name} exists already: this request runs only once`);
  const seconds = wholeNumber(given, "start-timeout");
  const result = await follow(api, submission, {
    signal: io.signal,
    logger,
    onLog: (line) => io.stdout.write(`${line}\n`),
    onStatus: (message) => say(message),
    ...(seconds !== undefined && { startTimeout: seconds * 1000 }),
  });
  return report(result, say);
}

function report({ status, exitCode, reason, message, durations }: JobResult, say: (message: string) => void): number {
  const { runningMs } = durations;
  const took = runningMs === undefined ? "" : ` after ${(runningMs / 1000).toFixed(1)} s`;
  say(`${status}${took}: ${reason === "Completed" ? "exit code 0" : `${reason}: ${message}`}`);
  if (status === "cancelled") return CANCELLED;
  return status === "succeeded" ? 0 : exitCode || NOT_RUN;
}

async function requestFrom(given: Given): Promise<JobRequest> {
  const { rest, flags } = given;
  const [cpu, memory, serviceAccountName] = [text(given, "cpu"), text(given, "memory"), text(given, "service-account")];
  const [ttlSecondsAfterFinished, activeDeadlineSeconds] = [wholeNumber(given, "ttl"), wholeNumber(given, "deadline")];
  const [namespace, file] = [text(given, "namespace"), text(given, "template-file")];
  const securityContext = text(given, "security-context") as "restricted" | "none" | undefined;
  const requests = { ...(cpu && { cpu }), ...(memory && { memory }) };
  const env = Object.fromEntries(((flags["env"] ?? []) as readonly string[]).map(variable));
  return {
    id: text(given, "id") ?? randomUUID(),
    ...(namespace && { namespace }),
    ...(rest.length > 0 && (flags["command"] ? { command: rest } : { args: rest })),
    ...(Object.keys(env).length > 0 && { env }),
    ...((cpu ?? memory) !== undefined && { resources: { requests, ...(memory && { limits: { memory } }) } }),
    ...(serviceAccountName && { serviceAccountName }),
    ...(ttlSecondsAfterFinished !== undefined && { ttlSecondsAfterFinished }),
    ...(activeDeadlineSeconds !== undefined && { activeDeadlineSeconds }),
    ...(securityContext && { securityContext }),
    ...(file && { template: await readTemplate(file) }),
  };
}

function variable(entry: string): readonly [string, string] {
  const at = entry.indexOf("=");
  if (at < 1) throw new UsageError(`--env ${entry} is not of the form NAME=VALUE`, "run");
  return [entry.slice(0, at), entry.slice(at + 1)];
}

function wholeNumber(given: Given, name: string): number | undefined {
  const value = text(given, name);
  if (value === undefined) return undefined;
  if (!/^\d{1,9}$/.test(value)) throw new UsageError(`--${name} ${value} is not a whole number of seconds`, "run");
  return Number(value);
}

/** A pod template, or an object that has one: a Job, a CronJob, a Deployment. */
async function readTemplate(file: string): Promise<PodTemplate> {
  const content: unknown = parse(
    await readFile(file, "utf8").catch((error: Error) => {
      throw new UsageError(`--template-file ${file} cannot be read: ${error.message}`, "run");
    }),
  );
  let found = content as { readonly spec?: Record<string, unknown>; readonly template?: PodTemplate } | null;
  if (found?.spec?.["jobTemplate"]) found = found.spec["jobTemplate"];
  const template = (found?.spec?.["template"] ?? found?.template ?? found) as PodTemplate | null;
  if (typeof template?.spec !== "object")
    throw new InvalidRequestError("template", `${file} holds no pod template: there is no spec`);
  return template;
}
