import type { ApiPath, ApiRequest, ApiStream, KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { KubernetesError, type KubernetesErrorCode } from "@executor-registry/resolver/kubernetes";

const PLACE = { method: "GET", path: "/", server: "https://double" };

/** A refusal or failure as the Kubernetes client reports it. */
export function kubernetesError(
  code: KubernetesErrorCode,
  facts: { status?: number; reason?: string } = {},
): KubernetesError {
  return new KubernetesError(code, code, PLACE, facts);
}

/** A refusal in the words of the API server's RBAC authorizer. */
export function refusedByRbac(path: ApiPath, user = "system:serviceaccount:team:robot"): KubernetesError {
  const message = `nodes is forbidden: User "${user}" cannot list resource "nodes" in API group "" at the cluster scope`;
  return new KubernetesError("forbidden", message, { ...PLACE, path }, { status: 403 });
}

interface OtherAnswers {
  lines?(path: ApiPath, options: ApiStream): AsyncIterable<Buffer>;
  readonly time?: ReturnType<KubernetesApi["serverTime"]>;
}

/**
 * A Kubernetes API whose answers a test decides: for failures at moments that no real server can be made to fail at.
 * @param request an error that it answers is thrown; where it answers nothing, there is nothing
 */
export function fakeApi(
  request: (path: ApiPath, options: ApiRequest) => unknown,
  { lines, time }: OtherAnswers = {},
): KubernetesApi {
  return {
    server: PLACE.server,
    context: "double",
    namespace: "team",
    async request(path, options = {}) {
      const answered = await request(path, options);
      if (answered instanceof Error) throw answered;
      if (answered === undefined) throw kubernetesError("not-found", { status: 404 });
      return answered;
    },
    async lines(path, options = {}) {
      if (!lines) throw kubernetesError("unreachable");
      return lines(path, options);
    },
    serverTime: () => time,
    close() {},
  };
}
