import type { Digest } from "@executor-registry/resolver";
import type { ImageDetails } from "../../model/image.ts";

/** A manifest's identity without its body. */
export interface ManifestHead {
  readonly digest: Digest;
  /** Absent where the registry only said that the known digest still holds. */
  readonly mediaType?: string;
  /** Absent likewise. */
  readonly sizeBytes?: number;
}

/** An entry of an index or of a referrers list. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
}

/** A manifest whose bytes hash to `digest`. */
export type Manifest = ManifestHead & {
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** The verified bytes, as signatures cover them. */
  readonly raw: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly subject?: Descriptor;
} & (
    | { readonly form: "index"; readonly manifests: readonly Descriptor[] }
    | { readonly form: "image"; readonly config: Descriptor; readonly layers: readonly Descriptor[] }
  );

/**
 * Reads one registry by the OCI Distribution specification 1.1. `repository` is the path within it.
 * Every call throws RegistryError subclasses that say what to do; `@throws` names only what is special.
 */
export interface RegistryClient {
  /** `host[:port]`, as in references. */
  readonly host: string;
  /** Requests sent so far, redirects and token requests included. */
  readonly requests: number;
  /** Those of them that it refused because there were too many. */
  readonly throttled: number;
  /** Milliseconds that its clock is ahead of this machine's, by its last answer; `undefined` where it does not say its time. */
  readonly clockOffset: number | undefined;
  /** Whether it speaks the API and takes the credentials. */
  ping(signal: AbortSignal): Promise<void>;
  /** Every tag, page by page. @throws RepositoryGoneError (code `not-found`) when there is no such repository */
  tags(repository: string, signal: AbortSignal): AsyncIterable<readonly string[]>;
  /**
   * Every repository, page by page. What is not a name by the grammar is left out.
   * @param leftOut called with each of those, bounded and printable
   * @throws RegistryError code `not-found` where the registry does not offer it
   */
  repositories(signal: AbortSignal, leftOut?: (name: string) => void): AsyncIterable<readonly string[]>;
  /**
   * The identity of what a tag or digest names, without its body. `undefined` when there is none.
   * @param known sent as `If-None-Match`; where it still holds, the answer's digest is `known` itself
   */
  head(repository: string, reference: string, signal: AbortSignal, known?: Digest): Promise<ManifestHead | undefined>;
  /** @throws DigestMismatchError when the bytes are not what the digest says; @throws code `not-found` */
  manifest(repository: string, reference: string, signal: AbortSignal): Promise<Manifest>;
  /** A whole small blob, verified. @param limit bytes @throws TooLargeError, DigestMismatchError */
  blob(repository: string, digest: Digest, limit: number, signal: AbortSignal): Promise<Uint8Array>;
  /** What refers to a manifest (signatures, attestations, SBOMs): the referrers API, else the fallback tag. */
  referrers(
    repository: string,
    subject: Digest,
    artifactType: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Descriptor[]>;
  /** Platforms, labels, time of creation: of an index, of its first real platform (linux/amd64 first). */
  details(repository: string, manifest: Manifest, signal: AbortSignal): Promise<ImageDetails>;
  close(): Promise<void>;
}
