import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ExecutorRegistryError, type Logger } from "@executor-registry/resolver";
import type { Scanning } from "../scan/scanner.ts";
import type { Webhook } from "../webhooks/webhook.ts";
import { callerGone } from "./caller-gone.ts";
import { type MinuteLimit, ThrottledError } from "./minute-limit.ts";
import type { Metrics } from "./metrics.ts";

/** What the webhooks' routes need. */
export interface WebhookOptions {
  /** By name. Asked anew for each event, since the configuration may change. */
  readonly webhooks: () => ReadonlyMap<string, Webhook>;
  readonly scanner: Scanning;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const LARGEST_BODY = 1 << 20;

/**
 * Registers `POST /webhooks/{name}`, and `OPTIONS` for senders that ask before they send.
 * @param refusals what is no event of a sender's counts; a registry may send as many events as it has
 */
export function registerWebhooks(
  fastify: FastifyInstance,
  { webhooks, scanner, metrics, log }: WebhookOptions,
  refusals: MinuteLimit,
): void {
  const receive = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const wait = refusals.wait(request.ip);
    if (wait > 0) throw new ThrottledError("refused events", wait);
    const { name, token } = request.params as { name: string; token?: string };
    const webhook = webhooks().get(name);
    if (webhook === undefined) {
      throw new ExecutorRegistryError("not-found", `the configuration has no webhook "${name}"`);
    }
    const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
    try {
      const answer = await webhook.receiver.receive(
        {
          method: request.method === "OPTIONS" ? "OPTIONS" : "POST",
          headers: request.headers,
          body,
          ...(token === undefined ? {} : { pathToken: token }),
        },
        callerGone(reply.raw),
      );
      const reason = { actor: `webhook:${name}`, why: "event" };
      const { repositories: looked, unknownHosts } = scanner.hint(answer.hints, reason, webhook.source);
      metrics.webhook(name, looked > 0 ? "taken" : unknownHosts > 0 ? "unknown-host" : "nothing");
      const facts = { webhook: name, hints: answer.hints.length, repositories: looked };
      if (looked > 0) log.info(facts, "event taken");
      else log.debug(facts, "event taken");
      reply.code(answer.status).headers(answer.headers ?? {});
      return await reply.send(answer.body ?? { accepted: looked });
    } catch (error) {
      refusals.count(request.ip);
      const refused = error instanceof ExecutorRegistryError && error.code === "unauthorized";
      metrics.webhook(name, refused ? "refused" : "malformed");
      throw error;
    }
  };

  void fastify.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: LARGEST_BODY }, (_request, body, parsed) => {
      parsed(null, body);
    });
    for (const url of ["/webhooks/:name", "/webhooks/:name/:token"]) {
      scope.route({ method: ["POST", "OPTIONS"], url, bodyLimit: LARGEST_BODY, handler: receive });
    }
    done();
  });
}
