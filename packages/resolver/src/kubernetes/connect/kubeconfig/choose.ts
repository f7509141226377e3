import { readFile } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import { parseProxy, proxyOf } from "../../../http/proxy.ts";
import { KubeconfigError } from "../../api/errors.ts";
import { type Entry, type Fields, fieldsOf, isOn, type Kubeconfig, pathOf, stringOf } from "./parse.ts";

/** The cluster that a context names. */
export interface ChosenCluster {
  readonly server: URL;
  readonly proxy: URL | undefined;
  /** How its certificate is checked. */
  tls(): Promise<RequestOptions>;
  /** What a credential plugin may know of it, but for the certificate authority, which `tls` reads. */
  readonly forPlugins: Fields;
}

/** What a context names. */
export interface Chosen {
  readonly context: string;
  readonly namespace: string | undefined;
  readonly cluster: ChosenCluster;
  /** Nothing where the context names none. */
  readonly user: { readonly name: string; readonly entry: Entry } | undefined;
}

/**
 * The cluster and the user of a context.
 * @param wanted @default the current one
 * @throws KubeconfigError
 */
export function choose(
  config: Kubeconfig,
  wanted: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Chosen {
  const context = wanted ?? config.currentContext;
  const contexts = [...config.contexts.keys()];
  const entry = context === undefined ? undefined : config.contexts.get(context);
  if (context === undefined || !entry) throw missingContext(context, contexts);
  const clusterName = stringOf(entry.fields["cluster"]);
  const userName = stringOf(entry.fields["user"]);
  const cluster = clusterName === undefined ? undefined : config.clusters.get(clusterName);
  const user = userName === undefined ? undefined : config.users.get(userName);
  const incomplete = (what: string): never => {
    throw new KubeconfigError(`the kubeconfig's context ${context} ${what}`, { contexts });
  };
  if (!cluster) {
    return incomplete(
      clusterName === undefined ? "names no cluster" : `names the cluster ${clusterName}, which it does not have`,
    );
  }
  if (userName !== undefined && !user) return incomplete(`names the user ${userName}, which it does not have`);
  const server = serverOf(cluster.fields);
  if (!server) return incomplete("has no valid server URL");
  return {
    context,
    namespace: stringOf(entry.fields["namespace"]),
    cluster: { server, ...clusterOf(cluster, server, variables) },
    user: userName === undefined || !user ? undefined : { name: userName, entry: user },
  };
}

/** Says which contexts there are when the one wanted is not. */
export function missingContext(context: string | undefined, contexts: readonly string[]): KubeconfigError {
  const known = contexts.length === 0 ? "it has none" : `it has ${contexts.join(", ")}`;
  return new KubeconfigError(
    context
      ? `the kubeconfig has no usable context "${context}"; ${known}`
      : `the kubeconfig names no current context; ${known}. Choose one with \`kubectl config use-context\` or the context option`,
    { contexts },
  );
}

/** Without a scheme it is HTTPS where anything is said of certificates, as for kubectl. */
function serverOf(cluster: Fields): URL | undefined {
  const text = stringOf(cluster["server"]);
  if (text === undefined) return undefined;
  const secure = ["certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify"];
  const scheme = secure.some((field) => cluster[field] !== undefined) ? "https" : "http";
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${scheme}://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
}

function clusterOf(
  { fields, folder }: Entry,
  server: URL,
  variables: Readonly<Record<string, string | undefined>>,
): Omit<ChosenCluster, "server"> {
  const proxyUrl = stringOf(fields["proxy-url"]);
  const insecure = isOn(fields["insecure-skip-tls-verify"]);
  const serverName = stringOf(fields["tls-server-name"]);
  const data = stringOf(fields["certificate-authority-data"]);
  const file = pathOf(fields["certificate-authority"], folder);
  return {
    proxy: proxyFor(server, proxyUrl, variables),
    async tls() {
      const ca = insecure ? undefined : await dataOrFile(data, file, "certificate authority");
      return {
        ...(ca !== undefined && { ca }),
        ...(serverName !== undefined && expecting(serverName)),
        ...(insecure && { rejectUnauthorized: false }),
      };
    },
    forPlugins: {
      server: stringOf(fields["server"]),
      ...(serverName !== undefined && { "tls-server-name": serverName }),
      ...(insecure && { "insecure-skip-tls-verify": true }),
      ...(proxyUrl !== undefined && { "proxy-url": proxyUrl }),
      config: pluginConfig(fields["extensions"]),
    },
  };
}

/** TLS sends no address as a server's name; the certificate has to name it nevertheless, as for kubectl. */
function expecting(name: string): RequestOptions {
  if (isIP(name) === 0) return { servername: name };
  return { servername: "", checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate) };
}

function proxyFor(
  server: URL,
  own: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): URL | undefined {
  try {
    return own === undefined ? proxyOf(server, variables) : parseProxy(own, "the kubeconfig's proxy-url");
  } catch (cause) {
    throw new KubeconfigError((cause as Error).message, { cause });
  }
}

/** @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
function pluginConfig(extensions: unknown): unknown {
  const all = Array.isArray(extensions) ? extensions.map((one) => fieldsOf(one) ?? {}) : [];
  return all.find(({ name }) => name === "client.authentication.k8s.io/exec")?.["extension"];
}

/** What is given in place goes before what is in a file. @param what it is, in an error */
export async function dataOrFile(
  data: string | undefined,
  file: string | undefined,
  what: string,
): Promise<string | undefined> {
  if (data !== undefined) return Buffer.from(data, "base64").toString();
  if (file === undefined) return undefined;
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw new Error(`the ${what} ${file} cannot be read: ${(cause as Error).message}`, { cause });
  });
}
