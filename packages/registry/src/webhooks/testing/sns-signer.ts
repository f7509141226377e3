import { execFileSync } from "node:child_process";
import { createSign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why tests that sign as SNS are skipped here, or `false`. */
export const noOpenssl: string | false = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return false;
  } catch {
    return "openssl is not installed";
  }
})();

/** A key that signs as SNS does, and its certificate, valid for two days. */
export interface SnsSigner {
  readonly certificate: string;
  /** The envelope with its signature. The text is made as Amazon documents it: names in byte order. */
  sign(envelope: Readonly<Record<string, string>>): Record<string, string>;
}

export function createSnsSigner(): SnsSigner {
  const folder = mkdtempSync(join(tmpdir(), "sns-"));
  const [keyFile, file] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const subject = ["-subj", "/CN=sns.amazonaws.com", "-days", "2", "-keyout", keyFile, "-out", file];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject], { stdio: "ignore" });
  const [key, certificate] = [readFileSync(keyFile), readFileSync(file, "utf8")];
  rmSync(folder, { recursive: true });
  return {
    certificate,
    sign(envelope) {
      const names = Object.keys(envelope).filter((name) => !/^(Sign|Unsubscribe)/.test(name));
      const text = names.sort().map((name) => `${name}\n${envelope[name]}\n`);
      return { ...envelope, Signature: createSign("RSA-SHA256").update(text.join("")).sign(key, "base64") };
    },
  };
}
