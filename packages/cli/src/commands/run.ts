import { NOT_RUN } from "../base/exit-codes.ts";
import { deleteJob, follow, jobFor, type JobManifest, type JobResult, submit } from "@executor-registry/dispatcher";
import { connect, type KubernetesApi } from "@executor-registry/resolver/kubernetes";
import type { Command } from "../base/command.ts";
import { INTERRUPTED, interruptedExit } from "@executor-registry/resolver/internal";
import type { Io } from "../output/io.ts";
import { printJson, toYaml } from "../output/documents.ts";
import { warn, warnAbout } from "../output/warnings.ts";
import { withProgress } from "../base/progress.ts";
import { REQUEST_FLAGS, requestFrom, seconds } from "./run-request.ts";
import { askedFor, NEEDS_FLAGS } from "../service/asked.ts";
import { layoutOf, loggerFor, openResolver } from "../service/session.ts";
import { connectOptions, text } from "../base/parse-flags.ts";
import { UsageError } from "../base/usage-error.ts";

export const run: Command = {
  name: "run",
  summary: "run an executor as a Job, follow its log, exit with its code",
  usage: "TYPE | --needs LIST [flags] [-- ARGUMENTS…]",
  details: `Words after -- are the executor's arguments, or with --command its whole command. The log goes to standard output,
progress to standard error. Ctrl-C, or a reader of the log that goes away, deletes the Job.
Exits with the executor's code; with ${NOT_RUN} when it could not be run, with ${INTERRUPTED.SIGINT} when it was cancelled.`,
  flags: {
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      choices: ["yaml", "json", "name"],
      help: "how --dry-run prints: yaml (default), json or name",
    },
    ...REQUEST_FLAGS,
    "start-timeout": { type: "string", value: "SECONDS", help: "how long it may take to start (default: 120)" },
    "end-timeout": {
      type: "string",
      value: "SECONDS",
      help: "how long other containers may run on after the executor's end (default: 10)",
    },
    ...NEEDS_FLAGS,
    subject: { type: "string", value: "KEY", help: "the run or tenant to resolve for" },
    detach: { type: "boolean", short: "d", help: "print the Job's name instead of following it" },
    "dry-run": { type: "boolean", help: "print the Job instead of running it" },
  },
  words: { least: 0, most: 1 },
  takesRest: true,
  // The Job has to be deleted first.
  endsWithin: 15_000,
  async run(given, io) {
    const wanted = askedFor(given, "run");
    if (layoutOf(given, io) !== undefined) {
      throw new UsageError("run needs a cluster; --layout and EXECUTOR_LAYOUT name a folder of images", "run");
    }
    const { request, warnings } = await requestFrom(given);
    for (const warning of warnings) warn(io, warning);
    const [startTimeout, endTimeout] = [seconds(given, "start-timeout"), seconds(given, "end-timeout")];
    const subject = text(given, "subject");
    const api = await connect(connectOptions(given));
    const resolver = await openResolver(given, io, given.flags["dry-run"] ? "read" : "write", api);
    try {
      const asked = { signal: io.signal, ...(subject !== undefined && { subject }) };
      const resolution = await withProgress(io, `resolving ${wanted.what}`, wanted.resolve(resolver, asked));
      warnAbout(resolution, io);
      const job = jobFor(resolution, request);
      if (given.flags["dry-run"]) {
        io.stdout.print(print(job, text(given, "output") ?? "yaml"));
        return 0;
      }
      const say = speaker(io);
      say(`${resolution.image}: ${resolution.reason}`);
      const submission = await submitOrTakeBack(api, job, io.signal);
      if (given.flags["detach"]) {
        io.stdout.print(print(job, "name"));
        return 0;
      }
      say(`job ${job.metadata.name}${submission.created ? "" : " exists already: this request runs only once"}`);
      const result = await follow(api, submission, {
        signal: io.signal,
        logger: loggerFor(given, io),
        // As kubectl logs does: it is the executor's own output, and may be colours or a file.
        onLog: (line) => io.stdout.raw(`${line}\n`),
        onStatus: say,
        ...(startTimeout !== undefined && { startTimeout: startTimeout * 1000 }),
        ...(endTimeout !== undefined && { endTimeout: endTimeout * 1000 }),
      });
      report(result, say);
      return exitOf(result, io.signal);
    } finally {
      await resolver.close();
      api.close();
    }
  },
};

function speaker(io: Io): (message: string) => void {
  return (message) => io.stderr.print([[{ style: "dim", text: message }]]);
}

function print(job: JobManifest, format: string): string | string[] {
  if (format === "name") return `job.batch/${job.metadata.name}`;
  return format === "json" ? printJson(job) : toYaml(job);
}

/** Whether an attempt without an answer made the Job is not known; interrupted means that it must not run. */
async function submitOrTakeBack(api: KubernetesApi, job: JobManifest, signal: AbortSignal): ReturnType<typeof submit> {
  try {
    return await submit(api, job, { signal });
  } catch (error) {
    const { namespace = api.namespace, name } = job.metadata;
    if (signal.aborted) await deleteJob(api, { namespace, name });
    throw error;
  }
}

function report(result: JobResult, say: (message: string) => void): void {
  const { status, reason, message, durations, leftRunning, logsComplete, logsDoubt } = result;
  const { runningMs } = durations;
  const took = runningMs === undefined ? "" : ` after ${runningMs / 1000} s`;
  if (status !== "succeeded") say(`${status}${took}: ${reason}: ${message}`);
  else say(leftRunning ? `succeeded${took}: ${message}` : `succeeded${took}`);
  // Without a pod there was no log.
  if (status !== "cancelled" && reason !== "NoPod" && !logsComplete) {
    say(`the log may be incomplete${logsDoubt === undefined ? "" : `: ${logsDoubt}`}`);
  }
}

function exitOf({ status, exitCode }: JobResult, signal: AbortSignal): number {
  if (status === "cancelled") return interruptedExit(signal);
  // A failed Job may have an executor that ended well, such as one evicted at the last moment.
  return status === "succeeded" ? 0 : exitCode || NOT_RUN;
}
