import type { Hint } from "../model/hint.ts";

/** A request to `POST /webhooks/{name}`, as far as a receiver needs it. Header names are lower-case. */
export interface WebhookRequest {
  readonly method: "POST" | "OPTIONS";
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** As received: signatures cover these bytes. */
  readonly body: Uint8Array;
  /** The last part of `POST /webhooks/{name}/{pathToken}`: the proof of senders that can send no other. */
  readonly pathToken?: string;
}

/** What a receiver made of it. */
export interface WebhookAnswer {
  /** 202 when hints were taken (or none were of use); 200 where a handshake wants a body. */
  readonly status: 200 | 202;
  /** For handshakes: Event Grid's validation, CloudEvents' abuse protection. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly hints: readonly Hint[];
  /** The sender's id of this delivery, where it has one: the same id is taken once. */
  readonly delivery?: string;
}

/** Receives the events of one kind of sender. */
export interface WebhookReceiver {
  readonly kind: string;
  /**
   * @throws UnauthorizedWebhookError (401) unless the sender proves to be who it is configured to be
   * @throws InvalidWebhookError (400) for a body that this sender does not send, naming what is wrong
   * @throws WebhookUnavailableError (503) while the keys that prove the sender cannot be fetched
   */
  receive(request: WebhookRequest, signal: AbortSignal): Promise<WebhookAnswer>;
}

/** Where events of one sender come in. */
export interface Webhook {
  /** Its place: `/webhooks/{name}`. */
  readonly name: string;
  readonly receiver: WebhookReceiver;
  /** The only source whose repositories its events may mean. @default every source */
  readonly source?: string;
}
