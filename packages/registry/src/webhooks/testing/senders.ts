import { createHmac } from "node:crypto";
import type { WebhookConfig } from "../kinds.ts";
import { ecrPush } from "./eventbridge-events.ts";
import { DIGEST } from "./requests.ts";

/** A sender of events, as a service is configured for it. */
export interface Sender {
  readonly name: string;
  readonly kind: WebhookConfig["kind"];
  /** How it shows who it is, as configured. @param secret {@link SECRET}, or where it is */
  settings(secret: unknown): object;
  /** What follows the webhook's path. */
  readonly path: string;
  /** A valid event of {@link REPOSITORY}. */
  event(): unknown;
  /** Repositories that it has looked at. */
  readonly accepted: number;
  /** What is sent besides a body, the proof included. */
  headers(body: string): Readonly<Record<string, string>>;
  /** What proves the sender, and is no event. */
  malformed(): unknown;
}

/** What a sender signs its messages with, where it does. */
export interface SenderKeys {
  /** An SNS envelope with its signature. */
  sign(envelope: Readonly<Record<string, string>>): unknown;
  /** A token of Google's for {@link AUDIENCE} and {@link EMAIL}. */
  readonly pubsubToken: string;
}

export const REPOSITORY = "team/executor-ml";
export const SECRET = "s3cret-of-the-sender";
/** Where a service finds {@link SECRET}. */
export const SECRET_VARIABLE = "TEST_EVENTS_SECRET";
export const AUDIENCE = "https://registry.example/webhooks/pubsub";
export const EMAIL = "pusher@acme.iam.gserviceaccount.com";
const TOPIC = "arn:aws:sns:eu-west-1:123456789012:ecr";
const SNS = "https://sns.eu-west-1.amazonaws.com";

const hmac = (body: string): string => createHmac("sha256", SECRET).update(body).digest("hex");
const authorization = { authorization: SECRET };
const structured = { ...authorization, "content-type": "application/cloudevents+json" };
const ways = {
  header: { settings: (secret: unknown) => ({ headers: { Authorization: secret } }), headers: () => authorization },
  path: { settings: (pathToken: unknown) => ({ pathToken }), path: `/${SECRET}` },
  secret: { settings: (secret: unknown) => ({ secret }) },
};
const usual = { path: "", accepted: 1, headers: () => ({}), malformed: () => ({}) };

const cloudEvent = (type: string, data: unknown): object => ({
  specversion: "1.0",
  id: "a-1",
  source: "tests",
  type,
  data,
});
/** As Harbor describes a push, of a host that the service has no source of. */
export const HARBOR_PUSH = {
  resources: [{ tag: "1.1.0", digest: DIGEST, resource_url: `harbor.example.com/${REPOSITORY}:1.1.0` }],
  repository: { repo_full_name: REPOSITORY },
};
const acr = {
  target: { repository: REPOSITORY, tag: "1.1.0", digest: DIGEST },
  request: { host: "acme.azurecr.io" },
};
const zot = { name: REPOSITORY, reference: "1.1.0", digest: DIGEST };
const quay = { repository: REPOSITORY, docker_url: `quay.example.com/${REPOSITORY}`, updated_tags: ["1"] };
const ghcr = {
  action: "published",
  registry_package: {
    name: "executor-ml",
    package_type: "CONTAINER",
    owner: { login: "Team" },
    package_version: { package_url: "ghcr.io/Team/executor-ml:1.1.0" },
  },
};
const jfrog = {
  domain: "docker",
  event_type: "pushed",
  data: { repo_key: "team", image_name: "executor-ml", tag: "1.1.0", sha256: null },
};

/** At least one sender of every kind. */
export function senders(keys: SenderKeys): readonly Sender[] {
  const envelope = (id: string, more: Record<string, string>): unknown =>
    keys.sign({
      Type: "Notification",
      MessageId: id,
      TopicArn: TOPIC,
      Message: JSON.stringify(ecrPush(REPOSITORY, "1.1.0", id)),
      Timestamp: new Date().toISOString(),
      SignatureVersion: "2",
      SigningCertURL: `${SNS}/SimpleNotificationService-9c6465fa.pem`,
      ...more,
    });
  const sns = {
    ...usual,
    kind: "sns",
    settings: () => ({ topics: [TOPIC] }),
    headers: () => ({ "content-type": "text/plain; charset=UTF-8" }),
    malformed: () => envelope("m-0", { Message: "hello" }),
  } as const;
  const push = JSON.stringify({ action: "INSERT", tag: `us-docker.pkg.dev/${REPOSITORY}:1.1.0` });
  return [
    {
      ...usual,
      ...ways.header,
      name: "distribution",
      kind: "distribution",
      headers: () => ({ ...authorization, "content-type": "application/vnd.docker.distribution.events.v1+json" }),
      event: () => ({ events: [{ id: "1", action: "push", target: { repository: REPOSITORY, tag: "1.1.0" } }] }),
    },
    {
      ...usual,
      ...ways.header,
      name: "harbor",
      kind: "harbor",
      event: () => ({ type: "PUSH_ARTIFACT", event_data: HARBOR_PUSH }),
    },
    {
      ...usual,
      ...ways.header,
      name: "harbor-cloudevents",
      kind: "harbor",
      headers: () => structured,
      event: () => cloudEvent("harbor.artifact.pushed", HARBOR_PUSH),
    },
    {
      ...usual,
      ...ways.secret,
      name: "ghcr",
      kind: "ghcr",
      headers: (body) => ({ "x-hub-signature-256": `sha256=${hmac(body)}`, "x-github-event": "registry_package" }),
      event: () => ghcr,
    },
    { ...usual, ...ways.path, name: "quay", kind: "quay", event: () => quay },
    {
      ...usual,
      ...ways.path,
      name: "quay-null",
      kind: "quay",
      event: () => ({ repository: REPOSITORY, docker_url: null, updated_tags: null }),
    },
    {
      ...usual,
      ...ways.path,
      name: "quay-object",
      kind: "quay",
      event: () => ({ repository: REPOSITORY, updated_tags: { "1.1.0": "x" } }),
    },
    {
      ...usual,
      ...ways.path,
      name: "docker-hub",
      kind: "docker-hub",
      event: () => ({ push_data: { tag: "1.1.0" }, repository: { repo_name: REPOSITORY } }),
    },
    { ...usual, ...ways.header, name: "acr", kind: "acr", event: () => ({ id: "1", action: "push", ...acr }) },
    {
      ...usual,
      ...ways.path,
      name: "event-grid",
      kind: "event-grid",
      event: () => [{ id: "1", eventType: "Microsoft.ContainerRegistry.ImagePushed", data: acr }],
    },
    {
      ...usual,
      ...ways.path,
      name: "event-grid-validation",
      kind: "event-grid",
      headers: () => ({ "aeg-event-type": "SubscriptionValidation" }),
      event: () => [
        { id: "1", eventType: "Microsoft.EventGrid.SubscriptionValidationEvent", data: { validationCode: "c0de" } },
      ],
      accepted: 0,
    },
    {
      ...usual,
      ...ways.secret,
      name: "jfrog",
      kind: "jfrog",
      headers: (body) => ({ "x-jfrog-event-auth": hmac(body) }),
      event: () => jfrog,
    },
    {
      ...usual,
      ...ways.header,
      name: "zot",
      kind: "zot",
      headers: () => ({
        ...authorization,
        "ce-specversion": "1.0",
        "ce-id": "a-1",
        "ce-source": "zotregistry.dev",
        "ce-type": "zotregistry.image.updated",
      }),
      event: () => zot,
    },
    {
      ...usual,
      ...ways.header,
      name: "cloudevents",
      kind: "cloudevents",
      headers: () => structured,
      event: () => [cloudEvent("zotregistry.image.updated", zot)],
    },
    { ...usual, ...ways.header, name: "ecr", kind: "ecr", event: () => ecrPush(REPOSITORY, "1.1.0", "e-1") },
    { ...sns, name: "sns", event: () => envelope("m-1", {}) },
    {
      ...sns,
      name: "sns-confirmation",
      event: () =>
        envelope("m-2", {
          Type: "SubscriptionConfirmation",
          Token: "t",
          SubscribeURL: `${SNS}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=t`,
        }),
      accepted: 0,
    },
    {
      ...usual,
      name: "pubsub",
      kind: "pubsub",
      settings: () => ({ audience: AUDIENCE, email: EMAIL }),
      headers: () => ({ authorization: `Bearer ${keys.pubsubToken}` }),
      event: () => ({ message: { messageId: "136969346945", data: Buffer.from(push).toString("base64") } }),
    },
  ];
}

/** A sender's webhook as YAML, for a service that has {@link SECRET} in its environment. */
export const configuredSender = ({ name, kind, settings }: Sender, more: object = {}): string =>
  JSON.stringify({ name, kind, ...more, ...settings({ env: SECRET_VARIABLE }) });
