import type { ClusterAccess, Credentials } from "../../api/access.ts";
import { bearer, tokenFile } from "../../api/token-file.ts";
import { type Chosen, dataOrFile } from "./choose.ts";
import { execOf, execPlugin, type PluginEnvironment } from "./exec-plugin.ts";
import { oidcToken } from "./oidc.ts";
import { type Entry, fieldsOf, pathOf, stringOf } from "./parse.ts";

/** Who asks, apart from how the server's certificate is checked. */
interface Identity {
  credentials(): Promise<Credentials>;
  renew?(refused: Credentials): Promise<boolean>;
  close?(): void;
}

/** How to reach the cluster of a context, as its user. */
export function kubeconfigAccess(
  chosen: Chosen,
  namespace: string | undefined,
  environment: PluginEnvironment,
): ClusterAccess {
  const { context, cluster, user } = chosen;
  // Plain HTTP, as `kubectl proxy` serves it, gets no credentials: anyone on the way could read them.
  const identity =
    user && cluster.server.protocol === "https:" ? identityOf(user.entry, chosen, environment) : STRANGER;
  return {
    server: cluster.server,
    proxy: cluster.proxy,
    context,
    namespace: namespace ?? chosen.namespace ?? "default",
    async credentials() {
      const [tls, own] = await Promise.all([cluster.tls(), identity.credentials()]);
      return { headers: { ...own.headers, ...(user && impersonation(user.entry)) }, tls: { ...tls, ...own.tls } };
    },
    ...(identity.renew && { renew: identity.renew }),
    ...(identity.close && { close: identity.close }),
  };
}

const STRANGER: Identity = { credentials: async () => ({ headers: {}, tls: {} }) };

/** A token in the file goes before one that is made, as kubectl's own `--token` does. */
function identityOf(entry: Entry, { cluster }: Chosen, environment: PluginEnvironment): Identity {
  const { fields, folder } = entry;
  const certificate = certificateOf(entry);
  const withCertificate = async (headers: Credentials["headers"]): Promise<Credentials> => ({
    headers,
    tls: await certificate(),
  });
  const [token, path] = [stringOf(fields["token"]), pathOf(fields["tokenFile"], folder)];
  if (path !== undefined) {
    const tokens = tokenFile(path, environment.clock);
    return {
      credentials: async () =>
        withCertificate(
          bearer(
            await tokens.token().catch((error: unknown) => {
              if (token !== undefined) return token;
              throw error;
            }),
          ),
        ),
      renew: ({ headers }) => tokens.replaced(String(headers["authorization"]).replace(/^Bearer /, "")),
    };
  }
  if (token !== undefined) return { credentials: () => withCertificate(bearer(token)) };
  const exec = execOf(entry);
  if (exec) return pluginIdentity(execPlugin(exec, folder, cluster, environment), certificate);
  const provider = fieldsOf(fields["auth-provider"]);
  if (provider) {
    const oidc = oidcToken(provider, folder, environment.clock);
    return { credentials: async () => withCertificate(bearer(await oidc())) };
  }
  const [name, password] = [stringOf(fields["username"]), stringOf(fields["password"])];
  const basic = Buffer.from(`${name}:${password ?? ""}`).toString("base64");
  return { credentials: () => withCertificate(name === undefined ? {} : { authorization: `Basic ${basic}` }) };
}

function pluginIdentity(plugin: ReturnType<typeof execPlugin>, own: () => Promise<Credentials["tls"]>): Identity {
  return {
    async credentials() {
      const { token, certificate, key } = await plugin.credential();
      return {
        headers: token === undefined ? {} : bearer(token),
        tls: {
          ...(await own()),
          ...(certificate !== undefined && { cert: certificate }),
          ...(key !== undefined && { key }),
        },
      };
    },
    renew: ({ headers, tls }) =>
      plugin.renew(({ token, certificate }) => {
        const same = token === undefined || headers["authorization"] === bearer(token).authorization;
        return same && (certificate === undefined || certificate === tls.cert);
      }),
    close: () => plugin.close(),
  };
}

/** The client certificate and its key, read each time: files of short-lived ones are replaced. */
function certificateOf({ fields, folder }: Entry): () => Promise<Credentials["tls"]> {
  const part = (name: string) => [stringOf(fields[`${name}-data`]), pathOf(fields[name], folder)] as const;
  const [certificate, secret] = [part("client-certificate"), part("client-key")];
  return async () => {
    const [cert, key] = await Promise.all([
      dataOrFile(...certificate, "client certificate"),
      dataOrFile(...secret, "client key"),
    ]);
    return { ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) };
  };
}

/** @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function impersonation({ fields }: Entry): Credentials["headers"] {
  const [user, uid, groups] = [stringOf(fields["as"]), stringOf(fields["as-uid"]), fields["as-groups"]];
  if (user === undefined) return {};
  const extra = Object.entries(fieldsOf(fields["as-user-extra"]) ?? {}).map(
    ([key, values]) => [`impersonate-extra-${encodeURIComponent(key)}`, [values].flat().map(String)] as const,
  );
  return {
    "impersonate-user": user,
    ...(uid !== undefined && { "impersonate-uid": uid }),
    ...(Array.isArray(groups) && { "impersonate-group": groups.map(String) }),
    ...Object.fromEntries(extra),
  };
}
