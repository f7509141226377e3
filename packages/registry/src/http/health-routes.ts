import type { Logger } from "@executor-registry/resolver";
import { z } from "zod";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { SourceHealth } from "../sources/image-source.ts";
import { type Answer, json, route, type Route } from "./route.ts";
import { SourceHealthShape } from "./schemas.ts";

/** What health is judged by. */
export interface HealthOptions {
  readonly catalogue: Catalogue;
  /** How the sources fare, in the configuration's order. */
  health(): readonly SourceHealth[];
  /** Where events are taken from. */
  queues(): readonly { readonly name: string; readonly failing: boolean }[];
  readonly version: string;
  /** Whether the service is on its way out: it still answers, but wants no new work. */
  readonly draining: () => boolean;
  /** Whether the catalogue held something when it was opened. */
  readonly restored: boolean;
  readonly log: Logger;
}

const Live = z.object({ status: z.literal("ok") });
const JournalHealth = z.object({
  sequence: z.number(),
  hash: z.string(),
  verified: z
    .object({ sequence: z.number(), at: z.string() })
    .optional()
    .meta({ description: "Up to which entry the whole chain was read and held, and when; absent before it was" }),
  broken: z
    .object({ sequence: z.number(), message: z.string() })
    .optional()
    .meta({ description: "The first entry that does not hold, or is missing" }),
});
const Ready = z.object({ status: z.enum(["ok", "starting", "draining"]), reason: z.string().optional() });

/**
 * Whether dispatchers should be sent here: once there is a catalogue to answer from, restored or from a first scan of each source that
 * is not known to hang, and something could be read. What could not be keeps nothing else out.
 */
function readiness({ health, restored, draining }: HealthOptions): z.infer<typeof Ready> {
  if (draining()) return { status: "draining", reason: "the service was told to end" };
  if (restored) return { status: "ok", reason: "the catalogue was restored from the store" };
  const sources = health();
  const waiting = sources.filter(({ state }) => state === "starting");
  if (waiting.length > 0) {
    return { status: "starting", reason: `not looked at yet: ${waiting.map(progressOf).join(", ")}` };
  }
  const read = sources.some(({ completed, repositories = 0 }) => completed !== undefined || repositories > 0);
  return sources.length === 0 || read
    ? { status: "ok", reason: "every source was looked at" }
    : { status: "starting", reason: `no source could be read yet; ${problemsOf(sources)}` };
}

function progressOf({ name, progress }: SourceHealth): string {
  if (progress === undefined) return name;
  const { repositories, repositoriesRead, tags, tagsRead } = progress;
  return `${name} (${repositoriesRead} of ${repositories} repositories read, ${tagsRead} of ${tags} tags)`;
}

const MOST_NAMED = 10;

/** Which sources are not read completely, and the first of what is unread in each. */
function problemsOf(sources: readonly SourceHealth[]): string {
  const failing = sources.filter(({ state }) => state === "failing");
  const named = failing.slice(0, MOST_NAMED).map(({ name, problem, incomplete = [] }) => {
    const [first = problem?.message] = incomplete;
    const more = incomplete.length > 1 ? `, and ${incomplete.length - 1} more` : "";
    return first === undefined ? name : `${name} (${first}${more})`;
  });
  return `not read completely: ${named.join(", ")}`;
}

/** Reasons name sources, hosts and what they said. */
const brief = (answer: Answer): Answer =>
  answer.kind === "json" ? json({ status: (answer.body as { status: string }).status }, answer.status) : answer;

/** `/health` for people, `/livez` and `/readyz` for the kubelet. */
export function healthRoutes(options: HealthOptions): readonly Route[] {
  const { catalogue, health, version } = options;
  let beenReady = false;
  /** A new configuration's sources begin anew, while the answers of the old ones stand: that is no reason to be left alone. */
  const judged = (): z.infer<typeof Ready> => {
    const now = readiness(options);
    beenReady ||= now.status === "ok";
    if (!beenReady || now.status !== "starting") return now;
    return { status: "ok", reason: `the sources are looked at anew; ${now.reason}` };
  };
  return [
    route({
      method: "GET",
      path: "/health",
      id: "health",
      summary: "How the service and its sources fare",
      description:
        "`degraded`: it answers from what it knows, and a source cannot be read completely, a queue's events cannot be taken, or the journal is damaged. " +
        "Where `auth.health` asks for a token, the status alone needs none.",
      answers: {
        200: {
          description: "It answers",
          schema: z.object({
            status: z.enum(["ok", "degraded", "starting", "draining"]),
            reason: z.string().optional(),
            version: z.string().optional(),
            executors: z.number().optional(),
            journal: JournalHealth.optional(),
            sources: z.array(SourceHealthShape).optional(),
            queues: z
              .array(z.object({ name: z.string(), failing: z.boolean() }))
              .optional()
              .meta({ description: "Whether the last attempt to take each queue's events failed" }),
          }),
        },
        503: { description: "It should not be asked: starting or draining" },
      },
      handle() {
        const { status: ready, reason } = judged();
        const sources = health();
        const failing = sources.filter(({ state }) => state === "failing").map(({ name }) => name);
        const queues = options.queues().map(({ name, failing: down }) => ({ name, failing: down }));
        const down = queues.filter((queue) => queue.failing).map(({ name }) => name);
        const { verified, broken } = catalogue.seal;
        const problems = [
          ...(failing.length > 0 ? [problemsOf(sources)] : []),
          ...(down.length > 0 ? [`events cannot be taken from: ${down.join(", ")}; the log says why`] : []),
          ...(broken === undefined ? [] : [broken.message]),
        ];
        const degraded = ready === "ok" && problems.length > 0;
        const body = {
          status: degraded ? "degraded" : ready,
          reason: degraded ? problems.join("; ") : reason,
          version,
          executors: catalogue.snapshot.size,
          journal: { ...catalogue.head, ...(verified && { verified }), ...(broken && { broken }) },
          sources,
          ...(queues.length > 0 && { queues }),
        };
        return json(body, ready === "ok" ? 200 : 503);
      },
      brief,
    }),
    route({
      method: "GET",
      path: "/livez",
      id: "live",
      summary: "Whether the process runs",
      answers: { 200: { description: "It does", schema: Live } },
      handle: () => json({ status: "ok" }),
    }),
    route({
      method: "GET",
      path: "/readyz",
      id: "ready",
      summary: "Whether it should be asked",
      answers: {
        200: { description: "It should", schema: Ready },
        503: { description: "Not yet, or not any more", schema: Ready },
      },
      handle() {
        const body = judged();
        return json(body, body.status === "ok" ? 200 : 503);
      },
      brief,
    }),
  ];
}
