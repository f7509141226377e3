import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Clock } from "@executor-registry/resolver";
import type { ClusterAccess } from "@executor-registry/resolver/internal";
import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { httpsApi } from "@executor-registry/resolver/internal";

/** A loopback HTTP server and a Kubernetes client of it. */
export interface ServedApi extends AsyncDisposable {
  readonly api: KubernetesApi;
  readonly server: Server;
  /** The connections made so far. */
  readonly sockets: readonly Socket[];
}

/** Answers as `listener` does, below the path `/clusters/one`. For what is below Kubernetes: bytes, connections, time limits. */
export async function serveApi(
  listener: RequestListener,
  access: Partial<ClusterAccess> = {},
  clock?: Clock,
): Promise<ServedApi> {
  const server = createServer(listener);
  const sockets: Socket[] = [];
  server.on("connection", (socket) => sockets.push(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(`http://user:secret@127.0.0.1:${(server.address() as AddressInfo).port}/clusters/one/`);
  const credentials = async (): Promise<{ headers: object; tls: object }> => ({ headers: {}, tls: {} });
  const api = httpsApi(
    { server: url, context: "here", namespace: "default", credentials, ...access } as ClusterAccess,
    clock,
  );
  return {
    api,
    server,
    sockets,
    async [Symbol.asyncDispose]() {
      api.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
