// The way to a cluster, its errors, and the roles that the resolver needs there.
export type { ApiCall, ApiPath, ApiRequest, ApiStream, KubernetesApi } from "./api/api.ts";
export { connect, type ConnectEnvironment, type ConnectOptions } from "./connect/connect.ts";
export type { KubeConfigLike } from "./connect/given-config.ts";
export { KubeconfigError, KubernetesError, type KubernetesErrorCode, NoClusterError } from "./api/errors.ts";
export { rbacManifest, type RbacFeature, type RbacManifestOptions, type RbacSubject } from "./api/rbac.ts";
export type { RbacRule } from "../contract/resolver-errors.ts";
