import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An HTTPS server on the loopback with a certificate of its own. Needs openssl. */
export interface TlsServer extends AsyncDisposable {
  readonly port: number;
  /** Its certificate, in PEM. */
  readonly certificate: string;
}

/** @param names what the certificate is for, besides 127.0.0.1 */
export async function startTlsServer(names: readonly string[], answer: RequestListener): Promise<TlsServer> {
  const folder = await mkdtemp(join(tmpdir(), "tls-server-"));
  const [keyFile, certificateFile] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const alternatives = ["IP:127.0.0.1", ...names.map((name) => `DNS:${name}`)].join(",");
  const name = ["-subj", "/CN=127.0.0.1", "-addext", `subjectAltName=${alternatives}`];
  const ask = [...name, "-days", "2", "-keyout", keyFile, "-out", certificateFile];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...ask], { stdio: "ignore" });
  const [key, certificate] = [await readFile(keyFile, "utf8"), await readFile(certificateFile, "utf8")];
  await rm(folder, { recursive: true });
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
