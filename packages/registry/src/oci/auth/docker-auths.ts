import { z } from "zod";
import { glob } from "../../model/glob.ts";
import type { Credentials, CredentialsByPath } from "./credentials.ts";

/**
 * One registry's entry in `config.json`.
 * @see https://docs.docker.com/reference/cli/docker/login/
 */
const text = z
  .string()
  .nullish()
  .transform((given) => given ?? undefined);
const entry = z.object({ auth: text, username: text, password: text, identitytoken: text });

/** `auths` of `config.json`, all of `.dockercfg`. */
export const dockerAuths = z.record(
  z.string(),
  entry.catch({ auth: undefined, username: undefined, password: undefined, identitytoken: undefined }),
);
export type DockerAuths = z.output<typeof dockerAuths>;

const DOCKER_HUB = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** The `host[:port]` that a key of `credHelpers` means; `undefined` for what means only a part of a registry. */
export function hostOfKey(key: string): string | undefined {
  const { labels, path } = parseKey(key);
  return path === "" ? labels.join(".") : undefined;
}

/** Kubelets and Podman know credentials for a part of a registry, and for a pattern of hosts. */
interface AuthKey {
  /** Labels of the host, with its port in the last. */
  readonly labels: readonly string[];
  readonly path: string;
}

/**
 * What a key means by the kubelet's rules: a scheme and a first `/v1/` or `/v2/` mean nothing, and `*` within a label of the host stands
 * for anything in it.
 * @see https://kubernetes.io/docs/concepts/containers/images/#config-json
 */
function parseKey(key: string): AuthKey {
  const [host = "", ...rest] = key.replace(/^https?:\/\//, "").split("/");
  const path = rest.join("/").replace(/^v[12](?:\/|$)/, "");
  const lower = host.toLowerCase();
  return { labels: (DOCKER_HUB.has(lower) ? "docker.io" : lower).split("."), path };
}

function matchesHost({ labels }: AuthKey, host: string): boolean {
  const wanted = parseKey(host).labels;
  return labels.length === wanted.length && labels.every((label, at) => glob(label)(wanted[at] ?? ""));
}

/**
 * The credentials for a host and port. Of several keys the most specific goes first, as in the kubelet: the longest path, exact names
 * before patterns.
 */
export function findAuth(
  auths: Iterable<readonly [string, DockerAuths[string]]>,
  host: string,
): Credentials | CredentialsByPath | undefined {
  const found = [...auths]
    .flatMap(([key, entry]) => {
      const parsed = parseKey(key);
      const credentials = matchesHost(parsed, host) ? credentialsOf(entry) : undefined;
      return credentials ? [{ path: parsed.path, host: parsed.labels.join("."), credentials }] : [];
    })
    .sort((one, other) => other.path.length - one.path.length || (other.host < one.host ? -1 : 1));
  const [first] = found;
  if (first?.path === "") return first.credentials;
  return found.length === 0 ? undefined : { byPath: found.map(({ path, credentials }) => ({ path, credentials })) };
}

function credentialsOf({ auth, username, password, identitytoken }: DockerAuths[string]): Credentials | undefined {
  if (identitytoken) return { identityToken: identitytoken };
  const decoded = Buffer.from(auth ?? "", "base64").toString();
  const colon = decoded.indexOf(":");
  if (colon > 0) return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, "") };
  return username && password !== undefined ? { username, password } : undefined;
}
