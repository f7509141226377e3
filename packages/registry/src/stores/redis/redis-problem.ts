import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { PasswordError, readPassword } from "../password.ts";
import type { RedisAccess } from "./redis-client.ts";

/** What on this machine keeps the server from being reached: its certificates, and where the password is, unless a program makes it. */
export async function redisProblem({ ca, password }: RedisAccess): Promise<string | undefined> {
  if (ca !== undefined) {
    const unusable = await readFile(ca).then(
      (pem) => (isCertificate(pem) ? undefined : "it holds no certificate in PEM"),
      (problem: Error) => problem.message,
    );
    if (unusable !== undefined) return `the certificates in ${ca} cannot be used: ${unusable}`;
  }
  if (password === undefined || "command" in password) return undefined;
  try {
    await readPassword(password);
    return undefined;
  } catch (problem) {
    if (problem instanceof PasswordError) return problem.message;
    throw problem;
  }
}

/** As many as there may be in it, the first shows whether it is PEM. */
function isCertificate(pem: Buffer): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
