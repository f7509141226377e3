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

/** A Kubernetes API whose answers a test decides: for failures at moments that no real server can be told to fail at. */
export function fakeApi(answers: {
  request?(path: ApiPath, options: ApiRequest): unknown;
  lines?(path: ApiPath, options: ApiStream): AsyncIterable<Buffer>;
}): KubernetesApi {
  return {
    server: PLACE.server,
    context: "double",
    namespace: "here",
    request: async (path, options = {}) => answers.request?.(path, options),
    lines: async (path, options = {}) => {
      if (!answers.lines) throw kubernetesError("unreachable");
      return answers.lines(path, options);
    },
    serverTime: () => undefined,
    close() {},
  };
}
