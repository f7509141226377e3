import type { IncomingMessage } from "node:http";
import { type Place, RegistryError, TooLargeError } from "./errors.ts";

/** As much of an error's body as is of use. */
const ERROR_LIMIT = 64 << 10;

/**
 * Reads an answer to its end.
 * @param limit most bytes of a successful answer. A longer claim fails before anything is read
 * @throws TooLargeError
 */
export async function readBody(response: IncomingMessage, limit: number, place: Place): Promise<Buffer> {
  const { statusCode = 0, headers } = response;
  const success = statusCode >= 200 && statusCode < 300;
  const encoding = headers["content-encoding"];
  if (success && limit > 0 && encoding !== undefined && encoding !== "identity") {
    response.destroy();
    // It would be a compression bomb's chance, and the digest covers other bytes.
    throw new RegistryError("registry-protocol", `it compresses (${encoding}) what was asked for as it is`, place);
  }
  const claim = Number(headers["content-length"] ?? 0);
  if (success && limit > 0 && claim > limit) {
    response.destroy();
    throw tooLarge(claim, limit, place);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > (success ? limit : ERROR_LIMIT)) {
      // Leaving the loop destroys the connection.
      if (!success) break;
      throw tooLarge(size, limit, place);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(bytes: number, limit: number, place: Place): TooLargeError {
  return new TooLargeError(`an answer of ${bytes} bytes or more exceeds the limit of ${limit} bytes`, limit, place);
}
