// What a dispatcher needs. Kubernetes itself is in `@executor-registry/resolver/kubernetes`.
export { createResolver } from "./resolver.ts";
export type {
  NeedsOptions,
  ResolveOptions,
  Resolver,
  SourceReport,
  SourceStatus,
  WaitOptions,
} from "./contract/resolver.ts";
export type { DevelopmentOptions, DevelopmentSource } from "./development/options.ts";
export type { ResolverOptions } from "./options.ts";
export type { RegistryOptions } from "./client/options.ts";
export type { ResolutionChange } from "./contract/watch.ts";
export type { CapabilityDetail } from "./contract/capability.ts";
export type { Environment } from "./contract/resolution.ts";
export type {
  Candidate,
  DeclaredTemplate,
  Evidence,
  EvidenceKind,
  ExecutorPin,
  Finding,
  JobTemplate,
  PodTemplate,
  PullPolicy,
  Resolution,
  SourceName,
} from "./contract/resolution.ts";
export { type Clock, type Random, systemClock } from "./tools/clock.ts";
export { type Logger, silentLogger } from "./tools/logger.ts";

export { type ErrorCode, type ErrorRow, ERRORS, ExecutorRegistryError } from "./tools/errors.ts";
export {
  type RegistryAttempt,
  RegistryServiceError,
  type RegistryServiceErrorCode,
  TooStaleError,
} from "./client/errors.ts";
export {
  ClosedError,
  ConfigurationError,
  ForbiddenError,
  type NearType,
  NoMatchError,
  SourceUnreadError,
  UnknownTypeError,
  type UnknownTypeFacts,
} from "./contract/resolver-errors.ts";

export { type Digest, isDigest, parseDigest, shortDigest } from "./reference/digest.ts";
export {
  canonicalName,
  familiarName,
  type ImageReference,
  parseReference,
  tryParseReference,
} from "./reference/reference.ts";
export {
  pinnedName,
  type Repository,
  repositoryAt,
  repositoryNamed,
  repositoryOf,
  taggedName,
} from "./reference/repository.ts";
export {
  DEFAULT_TEMPLATE,
  type ExecutorTemplate,
  isExecutorType,
  parseExecutorType,
  parseTemplate,
} from "./reference/template.ts";
export { compareVersions, isHigher, type TagVersion, tagVersion } from "./reference/tag-version.ts";
export { NearMisses, nearMisses } from "./tools/near-misses.ts";
export { type LayoutContent, type LayoutImage, readLayout, type UnreadableLayoutImage } from "./layout/layout-image.ts";
export type { DisplayText, ExecutorDocument, ExecutorEvent, ProblemDocument } from "./contract/executor-document.ts";
export {
  InvalidReferenceError,
  InvalidTemplateError,
  InvalidTypeError,
  type ReferencePart,
} from "./reference/errors.ts";
export { VERSION } from "./tools/version.ts";
