import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why tests that need a certificate of their own are skipped here, or `false`: `describe("…", { skip: noOpenssl })`. */
export const noOpenssl: string | false = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return false;
  } catch {
    return "openssl is not installed (Debian: apt-get install openssl)";
  }
})();

/** A private key and a certificate that it signed itself, in PEM. */
export interface SelfSigned {
  readonly key: string;
  readonly certificate: string;
}

/**
 * Makes a key and a certificate that is valid for two days. Needs openssl.
 * @param alternatives what it is for: `DNS:registry.test`, `IP:127.0.0.1`
 */
export function selfSigned(commonName: string, alternatives: readonly string[] = []): SelfSigned {
  const folder = mkdtempSync(join(tmpdir(), "self-signed-"));
  try {
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    const names = alternatives.length > 0 ? ["-addext", `subjectAltName=${alternatives.join(",")}`] : [];
    const subject = ["-subj", `/CN=${commonName}`, ...names, "-days", "2", "-keyout", key, "-out", certificate];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject], { stdio: "ignore" });
    return { key: readFileSync(key, "utf8"), certificate: readFileSync(certificate, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
