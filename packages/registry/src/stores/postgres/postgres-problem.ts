import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { PasswordError, readPassword } from "../password.ts";
import type { StoreSettings } from "../store-settings.ts";
import { parsePostgresAddress } from "./postgres-address.ts";
import { TlsFileError, tlsOptions } from "./postgres-tls.ts";

/**
 * What on this machine keeps the server from being reached: certificates, and where the password is, unless a program makes it.
 * @throws ConfigurationError for settings that contradict each other
 */
export async function postgresProblem({ address, password, ca, direct }: StoreSettings): Promise<string | undefined> {
  try {
    for (const one of direct === undefined ? [address] : [address, direct]) {
      const tls = await tlsOptions(parsePostgresAddress(one), ca);
      const unusable = tls && certificateProblem(() => createSecureContext(tls));
      if (unusable !== undefined) return `the certificates cannot be used: ${unusable}`;
    }
    // What is no certificate, a context passes over.
    const unusable = ca && certificateProblem(await readFile(ca).then((pem) => () => new X509Certificate(pem)));
    if (unusable) return `the certificates in ${ca} cannot be used: ${unusable}`;
    if (password !== undefined && !("command" in password)) await readPassword(password);
    return undefined;
  } catch (problem) {
    if (problem instanceof PasswordError || problem instanceof TlsFileError) return problem.message;
    throw problem;
  }
}

function certificateProblem(use: () => unknown): string | undefined {
  try {
    use();
    return undefined;
  } catch (problem) {
    return problem instanceof Error ? problem.message : String(problem);
  }
}
