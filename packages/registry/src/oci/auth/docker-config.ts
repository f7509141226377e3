import { readRegularFile } from "@executor-registry/resolver/internal";
import { z } from "zod";
import { askHelper, type HelperEnvironment } from "./credential-helper.ts";
import { type CredentialProvider, CredentialsError } from "./credentials.ts";
import { dockerAuths, findAuth, hostOfKey } from "./docker-auths.ts";

const configFile = z.object({
  auths: dockerAuths.optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});
type ConfigFile = z.output<typeof configFile>;

const MAX_BYTES = 1 << 20;

/**
 * Credentials as `docker login` leaves them: from a helper of this host, the general store, or the file itself.
 * The file is read whenever it is asked, so a mounted secret may change; where there is none, nothing is known.
 * @param path of `config.json`
 * @param variables the environment of helpers
 * @throws CredentialsError where it cannot be read or a helper fails
 */
export function dockerConfigCredentials(path: string, variables: HelperEnvironment = process.env): CredentialProvider {
  return {
    async credentials(host, signal) {
      const config = await readConfig(path);
      if (!config) return undefined;
      const key = host === "docker.io" ? "https://index.docker.io/v1/" : host;
      const [, helper] =
        Object.entries(config.credHelpers ?? {}).find(([key]) => hostOfKey(key) === hostOfKey(host)) ?? [];
      if (helper !== undefined) return askHelper(helper, key, variables, signal);
      const stored = config.credsStore ? await askHelper(config.credsStore, key, variables, signal) : undefined;
      return stored ?? findAuth(Object.entries(config.auths ?? {}), host);
    },
  };
}

async function readConfig(path: string): Promise<ConfigFile | undefined> {
  let text: string;
  try {
    text = (await readRegularFile(path, MAX_BYTES)).toString("utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new CredentialsError(`${path} cannot be read (${code ?? message})`, { cause });
  }
  try {
    return configFile.parse(JSON.parse(text));
  } catch {
    // A parser's message quotes what it read.
    throw new CredentialsError(
      `${path} is not a Docker configuration file: it must be a JSON object as docker login writes it`,
    );
  }
}
