import { type Digest, isDigest, tryParseReference } from "@executor-registry/resolver";
import { InvalidWebhookError } from "./errors.ts";
import type { Hint } from "../model/hint.ts";

/** What an event says of one image. Senders write `""` and `null` for what they do not know. */
export interface EventClaim {
  readonly action: Hint["action"];
  readonly registry?: string | undefined;
  readonly repository: string;
  /** Some senders put the digest here when there was no tag. */
  readonly tag?: string | null | undefined;
  readonly digest?: string | null | undefined;
}

const TAG = /^\w[\w.-]{0,127}$/;
/** Stands for a registry that the event does not name. */
const SOME_REGISTRY = "registry.invalid";

/**
 * A claim in canonical form. What is attached to an image (signatures, attestations) becomes a hint for that image.
 * @param path where in the body the repository's name stands
 * @throws InvalidWebhookError when registry and repository are no name that an image can have
 */
export function makeHint(kind: string, path: string, claim: EventClaim): Hint {
  const { registry = SOME_REGISTRY, action } = claim;
  const parsed = tryParseReference(`${registry}/${claim.repository.toLowerCase()}`);
  const whole = parsed?.tag === undefined && parsed?.digest === undefined;
  if (!parsed || !whole || registry.includes("/")) {
    throw new InvalidWebhookError(kind, path, "is not the name of an image's repository");
  }
  const place = {
    ...(claim.registry === undefined ? {} : { registry: parsed.registry }),
    repository: parsed.repository,
  };
  const tag = claim.tag ?? "";
  const subject = subjectOf(tag);
  if (subject !== undefined) return { action: "signed", ...place, digest: subject };
  const digest = [claim.digest ?? "", tag].find(isDigest);
  return { action, ...place, ...(TAG.test(tag) && { tag }), ...(digest === undefined ? {} : { digest }) };
}

/**
 * The image that a tag `sha256-<hex>` or `sha256-<hex>.sig` is about.
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
 */
function subjectOf(tag: string): Digest | undefined {
  const [, algorithm, hex] = /^(sha256|sha512)-([0-9a-f]+)(?:\.[a-z]+)?$/.exec(tag) ?? [];
  const digest = `${algorithm}:${hex}`;
  return isDigest(digest) ? digest : undefined;
}

/** The host of a reference that says it: `undefined` for one that is relative, or not a reference. */
export function registryOf(reference: string): string | undefined {
  const parsed = tryParseReference(reference);
  const says = parsed && reference.toLowerCase().startsWith(`${parsed.registry}/`);
  return says ? parsed.registry : undefined;
}
