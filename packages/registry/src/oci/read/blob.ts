import type { Digest } from "@executor-registry/resolver";
import { verify } from "./digest.ts";
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
