import { InvalidReferenceError } from "./errors.ts";

/**
 * The content address of a manifest or blob, by the algorithms registered for OCI content descriptors.
 * @see https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
 */
export type Digest = `sha256:${string}` | `sha512:${string}`;

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Whether the text is a complete sha256 or sha512 digest in lower-case hex. */
export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** @throws InvalidReferenceError for anything but a complete sha256 or sha512 digest in lower-case hex */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new InvalidReferenceError(
    text,
    "digest",
    0,
    "expected sha256: and 64, or sha512: and 128 lower-case hex digits",
  );
}

/** The first 12 hex digits, as people read them. */
export function shortDigest(digest: Digest): string {
  const start = digest.indexOf(":") + 1;
  return digest.slice(start, start + 12);
}
