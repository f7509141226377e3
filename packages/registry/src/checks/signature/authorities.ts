import { createPublicKey, hash, type KeyObject } from "node:crypto";
import { z } from "zod";
import { repositoryPattern } from "../../model/repository-pattern.ts";
import { TextOrPlace } from "../../settings/secret.ts";
import type { CertifiedIdentity } from "./verification.ts";

const MIN_RSA_BITS = 2048;
const CURVES: ReadonlySet<unknown> = new Set(["prime256v1", "secp384r1"]);

/** Why a text is no public key that is trusted. */
function keyMistake(pem: string): string | undefined {
  if (!/^-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem.trim()))
    return "expected a public key in PEM: -----BEGIN PUBLIC KEY-----…";
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    return "it is not a public key in PEM";
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  if (type === "ed25519") return undefined;
  if (type === "ec" && CURVES.has(details.namedCurve)) return undefined;
  if (type === "rsa" && (details.modulusLength ?? 0) >= MIN_RSA_BITS) return undefined;
  return `expected a key of the kind ECDSA P-256 or P-384, Ed25519, or RSA of ${MIN_RSA_BITS} bits or more`;
}

const PublicKey = TextOrPlace.superRefine((pem, context) => {
  const message = keyMistake(pem);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

/** Several organisations share these hosts: a pattern has to name one. */
const FIXED_START = /^(?:https?:\/\/[^/*]+\/[^/*]+\/|(?!https?:)[a-z][a-z0-9+.-]*:\/\/[^/*]+\/)/;

const Identity = z
  .strictObject({
    issuer: z.url({ protocol: /^https?$/ }).meta({
      description: "Who vouches for the signer, exactly: `https://token.actions.githubusercontent.com`",
    }),
    subject: z.string().min(1).max(2048).optional().meta({
      description: "The signer, exactly: an e-mail address, or the URL of a workflow with its ref",
    }),
    subjectPattern: z
      .string()
      .min(1)
      .max(2048)
      .optional()
      .meta({
        description:
          "Signers whose whole name matches: `*` stands for anything between two slashes, `**` for any number of such parts. " +
          "It begins with what is fixed: scheme, host and, for http, the first part of the path",
      }),
  })
  .superRefine(({ subject, subjectPattern: pattern }, context) => {
    if ((subject === undefined) === (pattern === undefined))
      context.addIssue({ code: "custom", message: "expected either subject or subjectPattern" });
    const open = pattern !== undefined && !FIXED_START.test(pattern) && !/^[^*/@]*\*?[^*/@]*@[^*/@]+$/.test(pattern);
    if (!open) return;
    const message =
      "it would match signers of other organisations: begin with scheme, host and organisation, or end with @ and a domain";
    context.addIssue({ code: "custom", path: ["subjectPattern"], message });
  });

const Keys = z.array(PublicKey).max(16).default([]).meta({
  description: "Public keys that may sign: in PEM, or `{file: PATH}`. While a key is exchanged, both are here",
});
const Identities = z.array(Identity).max(16).default([]).meta({
  description: "Signers whose certificates are taken (keyless signing)",
});

/** Who may sign: members of a check's settings. */
export const authoritySettings = {
  keys: Keys,
  identities: Identities,
  transparencyLog: z.enum(["required", "optional"]).default("optional").meta({
    description:
      "Whether signatures by keys have to be in a transparency log of the trusted root. Those of identities always have to be. `optional`: it is not looked at",
  }),
};

/** Who may sign, as configured. */
export interface AuthoritySettings {
  readonly keys: z.output<typeof Keys>;
  readonly identities: z.output<typeof Identities>;
  readonly transparencyLog: "required" | "optional";
}

/** One who may sign. */
export type Authority =
  | { readonly kind: "key"; readonly name: string; readonly pem: string }
  | { readonly kind: "identity"; readonly name: string; matches(identity: CertifiedIdentity): boolean };

/** Those who may sign. A key is called by its SHA-256, as cosign's bundles call it; listed twice it is one. */
export function authoritiesOf({
  keys,
  identities,
}: Pick<AuthoritySettings, "keys" | "identities">): readonly Authority[] {
  const all: readonly Authority[] = [
    ...keys.map((pem): Authority => {
      const der = createPublicKey(pem).export({ format: "der", type: "spki" });
      return { kind: "key", name: `key ${hash("sha256", der, "hex").slice(0, 16)}`, pem };
    }),
    ...identities.map(({ issuer, subject, subjectPattern = "" }): Authority => {
      const matches = subject === undefined ? repositoryPattern(subjectPattern) : (text: string) => text === subject;
      return {
        kind: "identity",
        name: `${subject ?? subjectPattern} by ${issuer}`,
        matches: (identity) => identity.issuer === issuer && matches(identity.subject),
      };
    }),
  ];
  return [...new Map(all.map((one) => [one.name, one])).values()];
}
