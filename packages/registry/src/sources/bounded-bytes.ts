import { type Place, TooLargeError } from "../oci/wire/errors.ts";

/** The bytes as they come, until they are too many. @throws TooLargeError */
export async function* boundedBytes(
  bytes: AsyncIterable<Uint8Array>,
  limit: number,
  place: Place,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    // Leaving the loop ends the connection.
    if (size > limit) throw new TooLargeError(`an answer exceeds the limit of ${limit} bytes`, limit, place);
    yield chunk;
  }
}
