import { ExecutorRegistryError } from "@executor-registry/resolver";
import type { z } from "zod";
import type { WebhookRequest } from "../webhooks/webhook.ts";
import type { Api } from "./api.ts";
import { type Answer, type Call, json } from "./operation.ts";
import type { WebhookParams, WebhookTokenParams } from "./queries.ts";

type Params = z.output<typeof WebhookParams> & Partial<z.output<typeof WebhookTokenParams>>;

/**
 * Hands an event to the receiver of the webhook's kind, and its hints to what looks at them.
 * @param method some senders ask with OPTIONS before they send
 */
export const receiveEvent =
  (method: WebhookRequest["method"]) =>
  async (
    { params: { name, token }, headers, body, requestId, span, signal }: Call<Params, unknown, Buffer>,
    { inForce, metrics, log }: Api,
  ): Promise<Answer<"json">> => {
    const { webhooks } = inForce();
    const webhook = webhooks.get(name);
    if (webhook === undefined) {
      throw new ExecutorRegistryError("not-found", `the configuration has no webhook "${name}"`);
    }
    const request = { method, headers, body, ...(token !== undefined && { pathToken: token }) };
    try {
      const answer = await webhook.receiver.receive(request, signal);
      const reason = { actor: `webhook:${name}`, why: "event", ...(span && { span }) };
      const { repositories, unknownHosts } = inForce().hint(answer.hints, reason, webhook.source);
      const outcome = repositories > 0 ? "taken" : unknownHosts > 0 ? "unknown-host" : "nothing";
      metrics.webhook(name, outcome);
      span?.set({ webhook: name, outcome, hints: answer.hints.length, repositories });
      const facts = { webhook: name, hints: answer.hints.length, repositories, requestId, ...span?.ids };
      if (repositories > 0) log.info(facts, "event taken");
      else log.debug(facts, "event taken");
      return json(answer.body ?? { accepted: repositories }, answer.status, answer.headers);
    } catch (error) {
      const refused = error instanceof ExecutorRegistryError && error.code === "unauthorized";
      metrics.webhook(name, refused ? "refused" : "malformed");
      span?.set({ webhook: name, outcome: refused ? "refused" : "malformed" });
      throw error;
    }
  };
