import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { selfSigned } from "./self-signed.ts";

/** An HTTPS server on the loopback with a certificate of its own. Needs openssl. */
export interface TlsServer extends AsyncDisposable {
  readonly port: number;
  /** Its certificate, in PEM. */
  readonly certificate: string;
}

/** @param names what the certificate is for, besides 127.0.0.1 */
export async function startTlsServer(names: readonly string[], answer: RequestListener): Promise<TlsServer> {
  const { key, certificate } = selfSigned("127.0.0.1", ["IP:127.0.0.1", ...names.map((name) => `DNS:${name}`)]);
  const server = createServer({ key, cert: certificate }, answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    certificate,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
