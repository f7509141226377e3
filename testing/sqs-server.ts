import { createHash, randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { startLoopbackServer } from "./loopback-server.ts";

interface Message {
  readonly id: string;
  readonly body: string;
  handle: string;
  readonly sent: number;
  receives: number;
  visible: boolean;
}

/** One SQS queue that speaks the AWS JSON 1.0 protocol. Visibility does not time out, but is ended by the test. */
export interface SqsServer extends AsyncDisposable {
  /** The endpoint of all queues. */
  readonly url: string;
  readonly queueUrl: string;
  send(...bodies: readonly unknown[]): void;
  /** As if the visibility timeout had passed: what was received and not deleted can be received again. */
  expireVisibility(): void;
  /** The next request is answered with an error. */
  failNext(status: number, type: string): void;
  /** What is in the queue, visible or not: how often each was received. */
  readonly receives: readonly number[];
  /** Requests so far, by operation. */
  readonly requests: readonly string[];
  /** Resolves once the queue is empty. */
  empty(): Promise<void>;
  /** Resolves once somebody waits for messages that are not there. */
  polled(): Promise<void>;
}

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html */
export async function startSqsServer(now: () => number = Date.now): Promise<SqsServer> {
  const messages = new Set<Message>();
  const polls = new Set<{
    readonly most: number;
    readonly attributes: readonly unknown[];
    readonly response: ServerResponse;
  }>();
  const failures: { readonly status: number; readonly type: string }[] = [];
  const requests: string[] = [];
  const watchers = new Set<() => void>();

  const json = (response: ServerResponse, status: number, body: object): void => {
    const requestId = { "x-amzn-requestid": randomUUID(), "content-type": "application/x-amz-json-1.0" };
    response.writeHead(status, requestId).end(JSON.stringify(body));
  };
  const deliver = (): void => {
    for (const poll of polls) {
      const ready = [...messages].filter(({ visible }) => visible).slice(0, poll.most);
      if (ready.length === 0) break;
      polls.delete(poll);
      const Messages = ready.map((message) => {
        Object.assign(message, { visible: false, handle: randomUUID(), receives: message.receives + 1 });
        const MD5OfBody = createHash("md5").update(message.body).digest("hex");
        const said = poll.attributes.includes("SentTimestamp") && {
          Attributes: { SentTimestamp: String(message.sent) },
        };
        return { MessageId: message.id, ReceiptHandle: message.handle, Body: message.body, MD5OfBody, ...said };
      });
      json(poll.response, 200, { Messages });
    }
    for (const watcher of watchers) watcher();
  };
  const until = (done: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!done()) return;
        watchers.delete(check);
        resolve();
      };
      watchers.add(check);
      check();
    });

  const server = await startLoopbackServer(({ headers, body }, response) => {
    const operation = String(headers["x-amz-target"]).replace("AmazonSQS.", "");
    requests.push(operation);
    const failure = failures.shift();
    if (failure) return json(response, failure.status, { __type: `com.amazonaws.sqs#${failure.type}`, message: "no" });
    const input = JSON.parse(body.toString()) as Record<string, unknown>;
    if (input["QueueUrl"] !== queueUrl) {
      return json(response, 400, { __type: "com.amazonaws.sqs#QueueDoesNotExist", message: "no such queue" });
    }
    if (operation === "ReceiveMessage") {
      if (input["WaitTimeSeconds"] !== 20) throw new Error("this queue is to be polled long");
      const attributes = (input["MessageSystemAttributeNames"] ?? []) as readonly unknown[];
      const poll = { most: Number(input["MaxNumberOfMessages"]), attributes, response };
      response.once("close", () => polls.delete(poll));
      polls.add(poll);
      return deliver();
    }
    if (operation !== "DeleteMessageBatch") throw new Error(`${operation} is not known here`);
    const entries = input["Entries"] as readonly { readonly Id: string; readonly ReceiptHandle: string }[];
    for (const { ReceiptHandle } of entries) {
      for (const message of messages) if (message.handle === ReceiptHandle) messages.delete(message);
    }
    json(response, 200, { Successful: entries.map(({ Id }) => ({ Id })), Failed: [] });
    deliver();
  });
  const queueUrl = `${server.url}/123456789012/ecr-events`;

  return {
    url: server.url,
    queueUrl,
    send(...bodies) {
      for (const body of bodies) {
        const text = typeof body === "string" ? body : JSON.stringify(body);
        messages.add({ id: randomUUID(), body: text, handle: "", sent: now(), receives: 0, visible: true });
      }
      deliver();
    },
    expireVisibility() {
      for (const message of messages) message.visible = true;
      deliver();
    },
    failNext: (status, type) => void failures.push({ status, type }),
    get receives() {
      return [...messages].map(({ receives }) => receives);
    },
    requests,
    empty: () => until(() => messages.size === 0),
    polled: () => until(() => polls.size > 0),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
