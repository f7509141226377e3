import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { z } from "zod";
import { jsonOf } from "./legacy.ts";

/** Who made the signature that a log entry has to be about. */
export interface EntrySigner {
  readonly key: KeyObject;
  /** Where it was a certificate's. */
  readonly certificate?: X509Certificate;
}

const pem = z.string().transform((text) => ({ pem: Buffer.from(text, "base64").toString("latin1") }));
const der = z.object({
  x509Certificate: z.object({ rawBytes: z.string() }).optional(),
  publicKey: z.object({ rawBytes: z.string() }).optional(),
});
const one = <T extends z.ZodType>(schema: T) => z.tuple([schema]);

/** Where the kinds of log entries name the key. */
const Body = z.object({
  spec: z.union([
    z
      .object({ signature: z.object({ publicKey: z.object({ content: pem }) }) })
      .transform((s) => s.signature.publicKey.content),
    z.object({ signatures: one(z.object({ verifier: pem })) }).transform((s) => s.signatures[0].verifier),
    z
      .object({ content: z.object({ envelope: z.object({ signatures: one(z.object({ publicKey: pem })) }) }) })
      .transform((s) => s.content.envelope.signatures[0].publicKey),
    z
      .object({ hashedRekordV002: z.object({ signature: z.object({ verifier: der }) }) })
      .transform((s) => s.hashedRekordV002.signature.verifier),
    z
      .object({ dsseV002: z.object({ signatures: one(z.object({ verifier: der })) }) })
      .transform((s) => s.dsseV002.signatures[0].verifier),
  ]),
});

/**
 * Whether a log entry names the key or certificate that signed. The library does not look: an entry of somebody else's key about
 * the same signature would do.
 * @see https://github.com/sigstore/cosign/security/advisories/GHSA-whqx-f9j3-ch6m
 */
export function isEntryOf(body: Uint8Array, { key, certificate }: EntrySigner): boolean {
  const named = Body.safeParse(jsonOf(body)).data?.spec;
  if (named === undefined) return false;
  try {
    if ("pem" in named) {
      if (certificate !== undefined) return new X509Certificate(named.pem).raw.equals(certificate.raw);
      return createPublicKey(named.pem).equals(key) && !named.pem.includes("CERTIFICATE");
    }
    const { x509Certificate, publicKey } = named;
    if (certificate !== undefined)
      return x509Certificate !== undefined && Buffer.from(x509Certificate.rawBytes, "base64").equals(certificate.raw);
    if (publicKey === undefined) return false;
    const spki = Buffer.from(publicKey.rawBytes, "base64");
    return createPublicKey({ key: spki, format: "der", type: "spki" }).equals(key);
  } catch {
    return false;
  }
}
