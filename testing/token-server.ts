import { createSign, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DockerRegistryOptions, REGISTRY_AUTHORIZATION } from "./docker-registry.ts";
import { selfSigned } from "./self-signed.ts";

/** One request for a token, as the server saw it. */
interface TokenAsked {
  readonly method: string;
  readonly service: string | null;
  readonly scopes: readonly string[];
  readonly authorization: string | undefined;
  readonly refreshToken: string | null;
}

/** A token server whose tokens a real registry accepts. */
export interface TokenServer extends AsyncDisposable {
  /** For {@link DockerRegistryOptions}. */
  readonly auth: NonNullable<DockerRegistryOptions["token"]>;
  readonly asked: readonly TokenAsked[];
  /** Seconds that the next tokens say they live. @default 300 */
  life: number;
  /** The next tokens that it gives out are of no use, as if they had been revoked. @default false */
  revoked: boolean;
  /** Only the registry's user gets tokens. @default false */
  private: boolean;
  /** The `Authorization` of who may push to a repository. */
  pushToken(repository: string): Promise<string>;
}

/** Grants `pull` and `push` of everything that is asked for. Needs openssl. */
export async function startTokenServer(): Promise<TokenServer> {
  const folder = await mkdtemp(join(tmpdir(), "token-server-"));
  const certificate = join(folder, "certificate.pem");
  const { key, certificate: pem } = selfSigned("tokens");
  await writeFile(certificate, pem);
  const der = pem.replace(/-----[^-]+-----|\s/g, "");

  const sign = (scopes: readonly string[], service: string | null): string => {
    const now = Math.floor(Date.now() / 1000);
    const access = scopes.map((scope) => {
      const [type, actions] = [scope.slice(0, scope.indexOf(":")), scope.slice(scope.lastIndexOf(":") + 1)];
      return { type, name: scope.slice(type.length + 1, -actions.length - 1), actions: actions.split(",") };
    });
    const times = { iat: now - 60, nbf: now - 60, exp: server.revoked ? now - 120 : now + 300 };
    const claims = { iss: "tokens", sub: "puller", aud: service, jti: randomUUID(), access, ...times };
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
    const signed = `${encode({ typ: "JWT", alg: "RS256", x5c: [der] })}.${encode(claims)}`;
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key, "base64url")}`;
  };

  const http = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const url = new URL(request.url ?? "", "http://tokens");
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const form = request.method === "POST" ? new URLSearchParams(body) : url.searchParams;
      const { authorization } = request.headers;
      const scopes = form.getAll("scope").flatMap((scope) => scope.split(" "));
      const refreshToken = form.get("refresh_token");
      const service = form.get("service");
      asked.push({ method: request.method ?? "", service, scopes, authorization, refreshToken });
      const known = authorization === REGISTRY_AUTHORIZATION || refreshToken === "identity";
      if (server.private && !known) {
        response.writeHead(401).end(JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: "who are you?" }] }));
        return;
      }
      response.end(JSON.stringify({ token: sign(scopes, service), expires_in: server.life }));
    };
    answer().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const realm = `http://127.0.0.1:${(http.address() as AddressInfo).port}/token`;
  const asked: TokenAsked[] = [];
  const server: TokenServer = {
    auth: { realm, service: "executors", issuer: "tokens", certificate },
    asked,
    life: 300,
    revoked: false,
    private: false,
    async pushToken(repository) {
      const url = new URL(realm);
      url.search = new URLSearchParams({
        service: "executors",
        scope: `repository:${repository}:pull,push`,
      }).toString();
      const { token } = (await (await fetch(url)).json()) as { token: string };
      return `Bearer ${token}`;
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      http.close();
      await once(http, "close");
      await rm(folder, { recursive: true });
    },
  };
  return server;
}
