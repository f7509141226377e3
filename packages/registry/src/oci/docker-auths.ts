import { z } from "zod";
import type { Credentials } from "./credentials.ts";

/**
 * One registry's entry in `config.json`.
 * @see https://docs.docker.com/reference/cli/docker/login/
 */
const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});

/** `auths` of `config.json`, all of `.dockercfg`. */
export const dockerAuths = z.record(z.string(), entry.catch({}));
export type DockerAuths = z.output<typeof dockerAuths>;

const DOCKER_HUB = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/**
 * The `host[:port]` that a key of `config.json` means. Keys may be URLs, such as Docker Hub's
 * `https://index.docker.io/v1/`. `undefined` for what means only a part of a registry.
 */
export function hostOfKey(key: string): string | undefined {
  const [host = "", ...path] = key.replace(/^https?:\/\//, "").split("/");
  if (!["", "v1", "v2"].includes(path.filter((part) => part !== "").join("/"))) return undefined;
  const lower = host.toLowerCase();
  return DOCKER_HUB.has(lower) ? "docker.io" : lower;
}

/** The credentials for exactly this host and port. */
export function findAuth(auths: DockerAuths, host: string): Credentials | undefined {
  const wanted = hostOfKey(host);
  for (const [key, { auth, username, password, identitytoken }] of Object.entries(auths)) {
    if (hostOfKey(key) !== wanted) continue;
    if (identitytoken) return { identityToken: identitytoken };
    const decoded = Buffer.from(auth ?? "", "base64").toString();
    const colon = decoded.indexOf(":");
    if (colon > 0) return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, "") };
    if (username && password !== undefined) return { username, password };
  }
  return undefined;
}
