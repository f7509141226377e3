import { RegistryError } from "../../oci/wire/errors.ts";
import type { GoogleAuth } from "google-auth-library";

/** An access token of Google's, good for a while yet. */
export type GoogleToken = () => Promise<string>;

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";

/**
 * Tokens of the application default credentials: a key file, the metadata server (Workload Identity), or another cloud's identity. The library
 * keeps each until shortly before it expires, and asks once for all who wait.
 * @param host for messages: what is asked with them
 * @see https://cloud.google.com/docs/authentication/application-default-credentials
 */
export function defaultGoogleToken(host: string): GoogleToken {
  let auth: Promise<GoogleAuth> | undefined;
  return async () => {
    try {
      auth ??= import("google-auth-library").then(
        // A token belongs to no project. Without any the library asks the Resource Manager, and fails where it may not.
        ({ GoogleAuth }) => new GoogleAuth({ projectId: "none", scopes: SCOPE }),
      );
      const token = await (await auth).getAccessToken();
      if (token) return token;
    } catch (cause) {
      // What the library throws may hold the request that failed, with the key's assertion in it.
      const { code, name } = cause as { code?: unknown; name?: unknown };
      throw missing(host, ` (${String(code ?? name)})`);
    }
    throw missing(host, "");
  };
}

function missing(host: string, why: string): RegistryError {
  const message =
    `there are no Google credentials${why}. Bind the service account to one of Google's (Workload Identity), ` +
    "set GOOGLE_APPLICATION_CREDENTIALS, or run: gcloud auth application-default login";
  return new RegistryError("unauthorized", message, { host });
}
