import type { Clock } from "../../../tools/clock.ts";
import { beginCall } from "../../../http/call.ts";
import { exchange } from "../../../http/exchange.ts";
import { readBytes } from "../../../tools/read-bytes.ts";
import { dataOrFile } from "./choose.ts";
import { type Fields, fieldsOf, pathOf, stringOf } from "./parse.ts";

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES = 1 << 20;
/** kubectl renews an id token ten seconds before it expires. */
const EARLY_MS = 10_000;

/**
 * The id token of the `oidc` authentication provider, renewed with the refresh token when it expires. New tokens are kept in memory.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#using-kubectl
 */
export function oidcToken(provider: Fields, folder: string, clock: Clock): () => Promise<string> {
  const name = stringOf(provider["name"]);
  const config = fieldsOf(provider["config"]) ?? {};
  let idToken = stringOf(config["id-token"]);
  let refreshToken = stringOf(config["refresh-token"]);
  let renewing: Promise<string> | undefined;
  const renew = async (): Promise<string> => {
    const issuer = stringOf(config["idp-issuer-url"]);
    if (issuer === undefined || refreshToken === undefined) {
      throw new Error("its id token has expired, and the kubeconfig has no refresh token; log in again");
    }
    const data = stringOf(config["idp-certificate-authority-data"]);
    const ca = await dataOrFile(
      data,
      pathOf(config["idp-certificate-authority"], folder),
      "identity provider's certificate authority",
    );
    const ask = asker(clock, ca);
    const { token_endpoint: endpoint } = await ask(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: refreshToken,
      client_id: stringOf(config["client-id"]) ?? "",
      client_secret: stringOf(config["client-secret"]) ?? "",
    });
    const answer = await ask(stringOf(endpoint) ?? "", form.toString());
    refreshToken = stringOf(answer["refresh_token"]) ?? refreshToken;
    idToken = stringOf(answer["id_token"]);
    if (idToken === undefined) throw new Error(`${issuer} gave no id token; log in again`);
    return idToken;
  };
  return async () => {
    if (name !== "oidc") {
      throw new Error(`the authentication provider ${name} was removed from kubectl; use a credential plugin (exec)`);
    }
    if (idToken !== undefined && clock.now() < expiryOf(idToken) - EARLY_MS) return idToken;
    renewing ??= renew().finally(() => (renewing = undefined));
    return renewing;
  };
}

/** When a JWT expires, in milliseconds since the Unix epoch; at once where it does not say. */
function expiryOf(token: string): number {
  try {
    const claims = fieldsOf(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()));
    return typeof claims?.["exp"] === "number" ? claims["exp"] * 1000 : 0;
  } catch {
    return 0;
  }
}

/** Asks for JSON; with a form, by POST. Its answers and questions hold secrets, so no error repeats them. */
function asker(clock: Clock, ca: string | undefined): (url: string, form?: string) => Promise<Fields> {
  return async (url, form) => {
    if (!URL.canParse(url)) throw new Error("the identity provider names no URL to renew tokens at");
    const server = new URL(url);
    const call = beginCall(clock, undefined);
    call.within(TIMEOUT_MS, () => new Error(`${server.origin} did not answer within ${TIMEOUT_MS / 1000} s`));
    try {
      const response = await exchange(
        {
          server,
          method: form === undefined ? "GET" : "POST",
          path: `${server.pathname}${server.search}`,
          headers: {
            accept: "application/json",
            ...(form !== undefined && {
              "content-type": "application/x-www-form-urlencoded",
              "content-length": String(Buffer.byteLength(form)),
            }),
          },
          ...(form !== undefined && { body: form }),
          tls: ca === undefined ? {} : { ca },
        },
        call.signal,
      );
      const body = await readBytes(response, ANSWER_BYTES, () => new Error(`${server.origin} answers with too much`));
      if (response.statusCode !== 200) throw new Error(`${server.origin} answers ${response.statusCode}; log in again`);
      return fieldsOf(JSON.parse(body.toString())) ?? {};
    } catch (error) {
      if (error instanceof SyntaxError)
        throw new Error(`${server.origin} answers with what is not JSON`, { cause: error });
      if (call.signal.aborted) throw call.signal.reason;
      if (error instanceof Error && "code" in error)
        throw new Error(`the identity provider ${server.origin} cannot be reached: ${error.message}`, { cause: error });
      throw error;
    } finally {
      call.end();
    }
  };
}
