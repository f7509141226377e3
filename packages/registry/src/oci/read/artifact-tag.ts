/** `sha256-<hex>` alone is the referrers' fallback; with an ending, cosign's signatures, attestations and SBOMs. */
const OF_A_DIGEST = /^sha(?:256-[0-9a-f]{64}|512-[0-9a-f]{128})(?:\.(?:sig|att|sbom|cosign|vex))?$/;
const COSIGN = /\.(?:sig|att|sbom)$/;

/**
 * Whether a tag holds no image, but what is attached to one.
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
 */
export function isArtifactTag(tag: string): boolean {
  return OF_A_DIGEST.test(tag) || COSIGN.test(tag);
}
