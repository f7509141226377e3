import {
  type ApiPath,
  type ApiRequest,
  type KubernetesApi,
  KubernetesError,
} from "@executor-registry/resolver/kubernetes";

/** A refusal in the words of the API server's RBAC authorizer. */
export function refusal(path: ApiPath, user = "system:serviceaccount:team:robot"): KubernetesError {
  const message = `nodes is forbidden: User "${user}" cannot list resource "nodes" in API group "" at the cluster scope`;
  return new KubernetesError("forbidden", message, { method: "GET", path, server: "https://double" }, { status: 403 });
}

/** A Kubernetes API that answers some paths, and has nothing at all others. */
export function fakeApi(
  answer: (path: ApiPath, options: ApiRequest) => unknown,
  time?: { readonly server: number; readonly local: number },
): KubernetesApi {
  return {
    server: "https://double",
    context: "double",
    namespace: "team",
    async request(path, options = {}) {
      const answered = answer(path, options);
      if (answered instanceof Error) throw answered;
      if (answered !== undefined) return answered;
      throw new KubernetesError("not-found", "no such object", { method: "GET", path, server: "https://double" });
    },
    lines: () => Promise.reject(new Error("nothing is watched")),
    serverTime: () => time,
    close() {},
  };
}
