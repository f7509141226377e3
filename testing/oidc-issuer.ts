import { createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from "node:crypto";
import { startLoopbackServer } from "./loopback-server.ts";

/** How a token is made, where it is not made well. */
interface Forgery {
  /** @default "RS256" */
  readonly alg?: "RS256" | "HS256" | "none";
  /** What the header names the key. @default the key it is signed with */
  readonly kid?: string;
}

/** An OpenID provider on the loopback: discovery document and keys, and what it signs. */
export interface OidcIssuer extends AsyncDisposable {
  readonly url: string;
  /** While it is, connections are cut. @default false */
  down: boolean;
  /** What its discovery document says that it is. @default its URL */
  calledItself: string;
  /** How often its keys were read. */
  readonly reads: number;
  /** From now on it signs with another key, and names that one alone. */
  rotate(): void;
  /** A token of these claims, as they are. */
  token(claims: object, forgery?: Forgery): string;
}

interface Key {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export async function startOidcIssuer(): Promise<OidcIssuer> {
  const newKey = (kid: string): Key => ({ kid, ...generateKeyPairSync("rsa", { modulusLength: 2048 }) });
  let key = newKey("key-1");
  let [keys, reads] = [1, 0];
  const server = await startLoopbackServer(({ path }, response) => {
    if (issuer.down) return void response.destroy();
    const answer = (body: object): void => void response.end(JSON.stringify(body));
    if (path === "/.well-known/openid-configuration") {
      return answer({ issuer: issuer.calledItself, jwks_uri: `${server.url}/keys` });
    }
    if (path !== "/keys") return void response.writeHead(404).end();
    reads += 1;
    answer({ keys: [{ ...key.publicKey.export({ format: "jwk" }), kid: key.kid, alg: "RS256", use: "sig" }] });
  });
  const issuer: OidcIssuer = {
    url: server.url,
    down: false,
    calledItself: server.url,
    get reads() {
      return reads;
    },
    rotate: () => void (key = newKey(`key-${++keys}`)),
    token(claims, { alg = "RS256", kid = key.kid } = {}) {
      const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
      const signed = `${encode({ alg, kid, typ: "JWT" })}.${encode(claims)}`;
      return `${signed}.${signature(alg, signed, key).toString("base64url")}`;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return issuer;
}

function signature(alg: Forgery["alg"], signed: string, { publicKey, privateKey }: Key): Buffer {
  if (alg === "none") return Buffer.alloc(0);
  if (alg === "RS256") return signBytes("RSA-SHA256", Buffer.from(signed), privateKey);
  // The confusion that lets anybody sign: what everybody may know becomes the secret.
  return createHmac("sha256", publicKey.export({ type: "spki", format: "pem" }))
    .update(signed)
    .digest();
}
