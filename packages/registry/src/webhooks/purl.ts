import { tryParseReference } from "@executor-registry/resolver";
import { type EventClaim, registryOf } from "./make-hint.ts";

/**
 * The image that a package URL of type `oci` names: `pkg:oci/executor-ml@sha256%3A…?repository_url=ghcr.io/acme/executor-ml&tag=1`.
 * @returns `undefined` for anything else
 * @see https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md
 */
export function parseOciPurl(text: string): Omit<EventClaim, "action"> | undefined {
  const match = /^pkg:\/*oci\/([^@?#/]+)(?:@([^?#]*))?(?:\?([^#]*))?(?:#.*)?$/i.exec(text);
  if (!match) return undefined;
  const [, written = "", version = "", query = ""] = match;
  const [name, digest] = [decoded(written), decoded(version)];
  if (name === undefined || digest === undefined) return undefined;
  const qualifiers = new URLSearchParams(query);
  const url = (qualifiers.get("repository_url") ?? "").toLowerCase().replace(/^https?:\/\//, "");
  const registry = registryOf(url);
  return {
    registry,
    repository: (registry && tryParseReference(url)?.repository) ?? (url || name),
    tag: qualifiers.get("tag"),
    digest,
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
