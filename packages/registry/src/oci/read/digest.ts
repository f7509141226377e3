import { createHash } from "node:crypto";
import type { Digest } from "@executor-registry/resolver";
import { DigestMismatchError, type Place } from "../wire/errors.ts";

/** The digest of bytes, by the algorithm of another digest. */
export function digestLike(other: Digest | undefined, bytes: Uint8Array): Digest {
  const algorithm = other?.startsWith("sha512:") ? "sha512" : "sha256";
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/** @throws DigestMismatchError */
export function verify(what: string, expected: Digest, bytes: Uint8Array, place: Place): void {
  const actual = digestLike(expected, bytes);
  if (actual !== expected) throw new DigestMismatchError(what, expected, actual, place);
}
