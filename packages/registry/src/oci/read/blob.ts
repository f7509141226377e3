import { createHash } from "node:crypto";
import type { Digest } from "@executor-registry/resolver";
import { DigestMismatchError, type Place } from "../wire/errors.ts";
import type { Session } from "./session.ts";

/** A whole blob, verified. */
export async function fetchBlob(
  session: Session,
  repository: string,
  digest: Digest,
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const resource = { kind: "repository", name: repository } as const;
  const answer = await session.ask({ path: `/v2/${repository}/blobs/${digest}`, resource, limit }, signal);
  verify(`blob ${digest}`, digest, answer.body, { host: session.host, repository });
  return answer.body;
}

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
