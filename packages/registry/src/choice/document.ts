import { type ExecutorDocument, type ExecutorPin, pinnedName } from "@executor-registry/resolver";
import type { VerdictDocument, VersionDocument } from "@executor-registry/resolver/internal";
import type { Current } from "./current.ts";
import { capabilityMembers } from "../model/capability.ts";
import { labelledCapabilities } from "../model/labels.ts";
import { oneLine } from "../model/one-line.ts";
import { configuredCapabilities, displayMembers, ownerMembers, type TypeProfile } from "../model/type-profile.ts";
import { type Verdict, verdictDocument } from "../model/verdict.ts";
import type { CatalogueImage, Pin } from "../catalogue/state.ts";
import { informativeTags, versionTag } from "../model/version-tag.ts";

/** As many tags as a person may look at: an unchanged image that each commit tags again has thousands. */
const MAX_TAGS = 50;

/** A type, and what the configuration says of it. */
interface DescribedType {
  readonly type: string;
  readonly profile?: TypeProfile | undefined;
}

/** What every document of an image says. */
function imageMembers(image: CatalogueImage, { type, profile }: DescribedType) {
  const labels = image.details?.labels ?? {};
  const approved = image.verdicts.find(({ check }) => check === "approved-namespace")?.evidence;
  const declared = [...configuredCapabilities(type, profile), ...labelledCapabilities(labels)];
  const { created, sizeBytes, platforms = [] } = image.details ?? {};
  const tags = informativeTags(image.tags, MAX_TAGS);
  const omitted = image.tags.length - tags.length;
  return {
    image: pinnedName(image.repository, image.digest),
    digest: image.digest,
    version: versionTag(image.tags),
    tags,
    ...(omitted > 0 && { tagsOmitted: omitted }),
    ...capabilityMembers(declared, image.capabilities),
    ...ownerMembers(profile, approved, labels),
    ...(created === undefined ? {} : { created }),
    ...(image.pushed === undefined ? {} : { pushed: image.pushed }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    platforms,
    source: image.source,
  };
}

/** Whether, and when, all checks passed for this image. What was never read cannot have passed all. */
const validation = ({ validatedAt, details }: CatalogueImage) =>
  validatedAt === undefined || details === undefined ? { validated: false } : { validated: true, validatedAt };

/** What is told of a pin. */
export const pinMembers = ({ mode, since, by, reason, until }: Pin): ExecutorPin => ({
  kind: mode,
  since,
  by,
  reason,
  ...(until !== undefined && { until }),
});

/** The document of `GET /executors/{type}`. */
export function executorDocument(type: string, current: Current, profile?: TypeProfile): ExecutorDocument {
  const { image, version, decidedBy, reason, ambiguous, advice, versions, warnings, pin } = current;
  return {
    type,
    ...imageMembers(image, { type, profile }),
    ...displayMembers(profile, image.details?.labels ?? {}),
    version,
    added: image.added ?? image.found,
    ...validation(image),
    decidedBy,
    reason,
    ambiguous,
    ...(advice !== undefined && { advice }),
    versions,
    warnings,
    ...(pin && { pin: pinMembers(pin) }),
  };
}

/** One element of `GET /executors/{type}/versions`: of its verdicts what a list shows. */
export function versionDocument(image: CatalogueImage, current: boolean, type: DescribedType): VersionDocument {
  const shown = ({ check, state, reason, mode, code }: Verdict): VerdictDocument => {
    return { check, state, reason: oneLine(reason), ...(mode && { mode }), ...(code && { code }) };
  };
  return { ...wholeVersion(image, current, type), verdicts: image.verdicts.map(shown) };
}

/** All that is known of one image of a type. */
export function wholeVersion(image: CatalogueImage, current: boolean, type: DescribedType): VersionDocument {
  const { added, withdrawn } = image;
  return {
    ...imageMembers(image, type),
    state: image.state,
    current,
    verdicts: image.verdicts.map(verdictDocument),
    found: image.found,
    ...(added === undefined ? {} : { added }),
    ...validation(image),
    ...(withdrawn === undefined ? {} : { withdrawn }),
  };
}

/** What is watched instead of kept in the catalogue has no labels: what the configuration says of its type is added. */
export function describedLive(document: ExecutorDocument, profile: TypeProfile | undefined): ExecutorDocument {
  if (profile === undefined) return document;
  const declared = [...configuredCapabilities(document.type, profile), ...(document.capabilityDetails ?? [])];
  const { capabilities, capabilityDetails } = capabilityMembers(declared, NOTHING_FOUND);
  return {
    ...document,
    capabilities,
    capabilityDetails,
    ...ownerMembers(profile, undefined, {}),
    ...displayMembers(profile, {}),
  };
}

const NOTHING_FOUND = { capabilities: [], sboms: 0 };
