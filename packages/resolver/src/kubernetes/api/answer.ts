import type { IncomingMessage } from "node:http";
import { finished } from "node:stream/promises";
import { ExecutorRegistryError } from "../../tools/errors.ts";
import type { Call } from "../../http/call.ts";
import type { ApiStream } from "./api.ts";
import { KubernetesError, type Place } from "./errors.ts";
import { networkError } from "./failures.ts";
import { readBytes } from "../../tools/read-bytes.ts";
import { parseItems } from "./items.ts";
import { splitLines } from "../../tools/lines.ts";

/** Reads a body of at most `limit` bytes. */
export function readAll(response: IncomingMessage, limit: number, place: Place): Promise<Buffer> {
  return readBytes(response, limit, () => tooLarge(place, "answer", limit));
}

/**
 * Reads a body line by line while it arrives, and ends the call with it. Leaving off closes the connection.
 * @param take is called with each line, which is not yielded then: a promise for each costs more than the line
 */
export async function* readLines(
  response: IncomingMessage,
  { lineLimit: limit = 16 << 20, take }: ApiStream,
  place: Place,
  call: Call,
): AsyncGenerator<Buffer> {
  const splitter = splitLines(limit, () => tooLarge(place, "line", limit));
  const receive = (chunk: Buffer): void => {
    call.alive();
    splitter.push(chunk);
  };
  try {
    if (take) {
      response.on("data", (chunk: Buffer) => {
        try {
          receive(chunk);
          for (let line; (line = splitter.next());) take(line);
        } catch (error) {
          response.destroy(error instanceof Error ? error : new Error(String(error)));
        }
      });
      await finished(response);
    } else {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        receive(chunk);
        for (let line; (line = splitter.next());) yield Buffer.from(line);
      }
    }
    const rest = splitter.rest();
    if (rest && take) take(rest);
    else if (rest) yield rest;
  } catch (error) {
    throw problem(error, place, call);
  } finally {
    call.end();
  }
}

/**
 * The JSON of a body; `undefined` of an empty one.
 * @param item takes a list's items, which are left out then
 */
export function parseJson(body: Buffer, place: Place, item?: (item: unknown) => void): unknown {
  if (body.length === 0) return undefined;
  try {
    return item ? parseItems(body, item) : JSON.parse(body.toString());
  } catch (cause) {
    const message = "the answer is not JSON; is this a Kubernetes API server?";
    throw new KubernetesError("kubernetes-api", message, place, { cause });
  }
}

/** What a call rejects with: the reason it was stopped for, an error that has a name already, or the network's. */
export function problem(error: unknown, place: Place, call: Call): unknown {
  if (call.signal.aborted) return call.signal.reason;
  if (error instanceof ExecutorRegistryError) return error;
  return networkError(place, error);
}

function tooLarge(place: Place, what: "answer" | "line", limit: number): KubernetesError {
  return new KubernetesError("too-large", `the server's ${what} exceeds ${limit} bytes`, place);
}
