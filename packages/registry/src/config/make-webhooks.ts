import { type Clock, ConfigurationError } from "@executor-registry/resolver";
import type { Webhook } from "../http/webhook-route.ts";
import type { WebhookReceiver } from "../scan/hint.ts";
import type { HeaderProof, PathProof, Proof } from "../webhooks/proof.ts";
import { createReceiver } from "../webhooks/receiver.ts";
import type { WebhookConfig } from "./webhook-schema.ts";

/** What receivers that ask others are given. */
interface Asking {
  readonly clock: Clock;
  /** Reads certificates and keys. @default through the environment's proxies */
  readonly fetch?: typeof globalThis.fetch;
}

/** The webhooks of a configuration, by name. @throws ConfigurationError for a proof that would prove nothing */
export function makeWebhooks(configs: readonly WebhookConfig[], asking: Asking): ReadonlyMap<string, Webhook> {
  return new Map(
    configs.map((config) => {
      const { name, source } = config;
      return [name, { name, receiver: receiverOf(config, asking), ...(source === undefined ? {} : { source }) }];
    }),
  );
}

function receiverOf(config: WebhookConfig, asking: Asking): WebhookReceiver {
  switch (config.kind) {
    case "quay":
    case "docker-hub":
      return createReceiver(config.kind, { pathToken: config.pathToken });
    case "ecr":
      return createReceiver(config.kind, { headers: config.headers });
    case "harbor":
    case "acr":
    case "event-grid":
      return createReceiver(config.kind, shown(config));
    case "distribution":
    case "zot":
    case "cloudevents": {
      const proof: Proof = config.unauthenticated === true ? { unauthenticated: true } : shown(config);
      return createReceiver(config.kind, proof);
    }
    case "ghcr":
    case "jfrog":
      return createReceiver(config.kind, { secret: config.secret });
    case "sns":
      return createReceiver(config.kind, { topics: config.topics, ...asking });
    case "pubsub":
      return createReceiver(config.kind, { audience: config.audience, email: config.email, ...asking });
  }
}

interface Shown {
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly pathToken?: string | undefined;
}

function shown({ name, headers, pathToken }: Shown): HeaderProof | PathProof {
  if (headers !== undefined) return { headers };
  if (pathToken !== undefined) return { pathToken };
  throw new ConfigurationError(`webhook ${name} does not say how its sender shows who it is`);
}
