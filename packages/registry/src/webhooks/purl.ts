import { tryParseReference } from "@executor-registry/resolver";
import { parsePackageUrl } from "../model/package-url.ts";
import { type EventClaim, registryOf } from "./make-hint.ts";

/**
 * The image that a package URL of type `oci` names: `pkg:oci/executor-ml@sha256%3A…?repository_url=ghcr.io/acme/executor-ml&tag=1`.
 * @returns `undefined` for anything else
 * @see https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md
 */
export function parseOciPurl(text: string): Omit<EventClaim, "action"> | undefined {
  const image = parsePackageUrl(text);
  if (image?.type !== "oci" || image.namespace !== "") return undefined;
  const { name, version: digest, qualifiers } = image;
  const url = (qualifiers.get("repository_url") ?? "").toLowerCase().replace(/^https?:\/\//, "");
  const registry = registryOf(url);
  return {
    registry,
    repository: (registry && tryParseReference(url)?.repository) ?? (url || name),
    tag: qualifiers.get("tag"),
    digest,
  };
}
