import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";
import type { ConnectEnvironment } from "@executor-registry/resolver/kubernetes";
import { eventually, type TestNamespace } from "./cluster.ts";

/** A service account as a pod would have it: environment and mounted files. Has no rights until {@link allow}. */
export interface TestServiceAccount extends AsyncDisposable {
  /** For `connect({}, environment)`. */
  readonly environment: ConnectEnvironment;
  /** The mounted token's file. */
  readonly tokenFile: string;
  /** Asks the API server for one more token. @param audience @default the API server's own */
  newToken(audience?: string): Promise<string>;
  /** Gives rights in the namespace. */
  allow(...rules: object[]): Promise<void>;
  /** Takes the rights given away again. */
  revoke(): Promise<void>;
}

/** Makes a service account in a test's namespace, with a token of ten minutes. */
export async function serviceAccount(space: TestNamespace, name = "tester"): Promise<TestServiceAccount> {
  const { name: namespace, api } = space;
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}` as const;
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts` as const;
  await api.request(accounts, { method: "POST", body: { metadata: { name } } });
  const newToken = async (audience?: string): Promise<string> => {
    const body = { spec: { expirationSeconds: 600, ...(audience !== undefined && { audiences: [audience] }) } };
    const answer = await api.request(`${accounts}/${name}/token`, { method: "POST", body });
    return (answer as { status: { token: string } }).status.token;
  };
  const folder = await mkdtemp(join(tmpdir(), "service-account-"));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, await newToken());
  await writeFile(join(folder, "ca.crt"), await authority(space));
  await writeFile(join(folder, "namespace"), namespace);
  const server = new URL(api.server);

  return {
    environment: {
      variables: { KUBERNETES_SERVICE_HOST: server.hostname, KUBERNETES_SERVICE_PORT: server.port || "443" },
      home: folder,
      serviceAccount: folder,
    },
    tokenFile,
    newToken,
    async allow(...rules) {
      await create(api, `${rbac}/roles`, { metadata: { name }, rules });
      await create(api, `${rbac}/rolebindings`, {
        metadata: { name },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
        subjects: [{ kind: "ServiceAccount", name, namespace }],
      });
    },
    async revoke() {
      await api.request(`${rbac}/rolebindings/${name}`, { method: "DELETE" });
      await api.request(`${rbac}/roles/${name}`, { method: "DELETE" });
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

async function create(api: KubernetesApi, path: `/${string}`, body: object): Promise<void> {
  await api.request(path, { method: "POST", body });
}

/** The cluster's certificate authority, as its controller puts it into each namespace. */
async function authority({ name, api }: TestNamespace): Promise<string> {
  const path = `/api/v1/namespaces/${name}/configmaps/kube-root-ca.crt` as const;
  const found = await eventually("kube-root-ca.crt", 10_000, () => api.request(path).catch(() => undefined));
  return (found as { data: Record<string, string> }).data["ca.crt"] ?? "";
}
