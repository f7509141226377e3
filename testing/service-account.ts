import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import type { KubernetesApi } from "../packages/resolver/src/kubernetes/api.ts";
import type { Surroundings } from "../packages/resolver/src/kubernetes/connect.ts";
import type { TestNamespace } from "./cluster.ts";

/** A service account as a pod would have it: environment and mounted files. Has no rights until {@link allow}. */
export interface TestServiceAccount extends AsyncDisposable {
  /** For `connect({}, surroundings)`. */
  readonly surroundings: Surroundings;
  /** The mounted token's file. */
  readonly tokenFile: string;
  /** Asks the API server for one more token. */
  newToken(): Promise<string>;
  /** Gives rights in the namespace. */
  allow(...rules: object[]): Promise<void>;
  /** Takes the rights given away again. */
  revoke(): Promise<void>;
}

/** Makes a service account in a test's namespace, with a token of ten minutes. */
export async function serviceAccount({ name: namespace, api }: TestNamespace): Promise<TestServiceAccount> {
  const name = "tester";
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}` as const;
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts` as const;
  await api.request(accounts, { method: "POST", body: { metadata: { name } } });
  const newToken = async (): Promise<string> => {
    const body = { spec: { expirationSeconds: 600 } };
    const answer = await api.request(`${accounts}/${name}/token`, { method: "POST", body });
    return (answer as { status: { token: string } }).status.token;
  };
  const folder = await mkdtemp(join(tmpdir(), "service-account-"));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, await newToken());
  await writeFile(join(folder, "ca.crt"), await authority());
  await writeFile(join(folder, "namespace"), namespace);
  const server = new URL(api.server);

  return {
    surroundings: {
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

/** The certificate authority of the given KUBECONFIG's cluster. */
async function authority(): Promise<string> {
  const config = new KubeConfig();
  config.loadFromFile(process.env["KUBECONFIG"] ?? "");
  const { caData, caFile } = config.getCurrentCluster() ?? {};
  return caData ? Buffer.from(caData, "base64").toString() : await readFile(caFile ?? "", "utf8");
}
