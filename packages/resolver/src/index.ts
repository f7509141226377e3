// What a dispatcher needs. Kubernetes itself is in `@executor-registry/resolver/kubernetes`.
export { createResolver, type ResolveOptions, type Resolver, type SourceReport, type WaitOptions } from "./resolver.ts";
export type { DevelopmentSource, ResolverOptions } from "./options.ts";
export type { RegistryOptions } from "./registry-client/options.ts";
export type { ResolutionChange } from "./watch.ts";
export type { Environment } from "./environment.ts";
export type {
  Candidate,
  DeclaredTemplate,
  Evidence,
  EvidenceKind,
  Finding,
  JobTemplate,
  PodTemplate,
  PullPolicy,
  Resolution,
  SourceName,
} from "./resolution.ts";
export type { SourceStatus } from "./source.ts";
export { type Clock, type Random, systemClock } from "./clock.ts";
export { type Logger, silentLogger } from "./logger.ts";

export { type ErrorCode, type ErrorRow, ERRORS, ExecutorRegistryError } from "./errors.ts";
export {
  type RegistryAttempt,
  RegistryServiceError,
  type RegistryServiceErrorCode,
  TooStaleError,
} from "./registry-client/errors.ts";
export {
  ClosedError,
  ConfigurationError,
  ForbiddenError,
  SourceUnreadError,
  UnknownTypeError,
  type UnknownTypeFacts,
} from "./resolver-errors.ts";

export { type Digest, isDigest, parseDigest, shortDigest } from "./reference/digest.ts";
export {
  canonicalName,
  familiarName,
  type ImageReference,
  parseReference,
  repositoryName,
  tryParseReference,
  withDigest,
  withTag,
} from "./reference/reference.ts";
export {
  DEFAULT_TEMPLATE,
  type ExecutorTemplate,
  isExecutorType,
  parseExecutorType,
  parseTemplate,
} from "./reference/template.ts";
export { compareVersions, isHigher, type TagVersion, tagVersion } from "./reference/tag-version.ts";
export { NearMisses, nearMisses } from "./near-misses.ts";
export { type LayoutContent, type LayoutImage, readLayout, type UnreadableLayoutImage } from "./layout/layout-image.ts";
export type { ExecutorDocument, ExecutorEvent, ProblemDocument } from "./registry-client/executor-document.ts";
export {
  InvalidReferenceError,
  InvalidTemplateError,
  InvalidTypeError,
  type ReferencePart,
} from "./reference/errors.ts";
export { VERSION } from "./version.ts";
