// How this project talks to Kubernetes: for the dispatcher, the command line, and who builds on them.
export type { ApiCall, ApiPath, ApiRequest, ApiStream, KubernetesApi } from "./api/api.ts";
export { connect, type ConnectOptions, type Surroundings } from "./connect/connect.ts";
export type { KubeConfigLike } from "./connect/given-config.ts";
export { KubeconfigError, KubernetesError, type KubernetesErrorCode, NoClusterError } from "./api/errors.ts";
export { reflect, type ReflectionHandler, type ReflectorOptions } from "./api/reflector.ts";
export { createMirror, type KubernetesObject, type Mirror, type MirrorOptions } from "./api/mirror.ts";
export { cronJobsPath, type CronJobsPathOptions } from "./declared/cron-jobs-path.ts";
export { PREFIX, SIGHTINGS_NAME, TYPE_LABEL } from "./api/labels.ts";
export { type ConfigMapSourceOptions, createConfigMapSource } from "./config-map/source.ts";
export { createDeclaredSource, type DeclaredSourceOptions } from "./declared/source.ts";
export { createNodesSource, type NodesSource, type NodesSourceOptions } from "./nodes/source.ts";
export { forbidden, type ForbiddenOptions, refusedSubject } from "./api/forbidden.ts";
export type { Source } from "../sources/source.ts";
export type { SourceStatus } from "../contract/resolver.ts";
export {
  rbacManifest,
  rbacNeed,
  ruleYaml,
  type RbacFeature,
  type RbacManifestOptions,
  type RbacNeed,
  type RbacSubject,
} from "./api/rbac.ts";
export type { RbacRule } from "../contract/resolver-errors.ts";
