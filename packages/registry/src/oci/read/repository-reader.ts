import type { Digest } from "@executor-registry/resolver";
import type { Descriptor, Manifest, RegistryClient } from "./registry.ts";

/**
 * Reads what one repository holds. Everything it gives was verified against its digest. Each call has a limit of bytes and throws
 * RegistryError subclasses that say what to do: code `not-found` for what is not there, `too-large` for what exceeds its limit.
 */
export interface RepositoryReader {
  manifest(digest: Digest, signal: AbortSignal): Promise<Manifest>;
  /** What a tag names now: for what lies beside an image, never for the image itself, which its digest names. */
  tagged(tag: string, signal: AbortSignal): Promise<Manifest>;
  /**
   * What refers to a manifest (signatures, attestations, SBOMs).
   * @param artifactType only these, and those of which the list does not say it; all when `undefined`
   */
  referrers(subject: Digest, artifactType: string | undefined, signal: AbortSignal): Promise<readonly Descriptor[]>;
  /** A whole blob. @param limit most bytes */
  blob(digest: Digest, limit: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** @param clientOf the registry's client; what it throws is what each call rejects with @param path of the repository, within the registry */
export function repositoryReader(clientOf: () => RegistryClient, path: string): RepositoryReader {
  return {
    manifest: async (digest, signal) => clientOf().manifest(path, digest, signal),
    tagged: async (tag, signal) => clientOf().manifest(path, tag, signal),
    referrers: async (subject, artifactType, signal) => clientOf().referrers(path, subject, artifactType, signal),
    blob: async (digest, limit, signal) => clientOf().blob(path, digest, limit, signal),
  };
}
