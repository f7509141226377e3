import { createSign } from "node:crypto";
import { selfSigned } from "../../../../../testing/self-signed.ts";

/** A key that signs as SNS does, and its certificate, valid for two days. */
export interface SnsSigner {
  readonly certificate: string;
  /** The envelope with its signature. The text is made as Amazon documents it: names in byte order. */
  sign(envelope: Readonly<Record<string, string>>): Record<string, string>;
}

export function createSnsSigner(): SnsSigner {
  const { key, certificate } = selfSigned("sns.amazonaws.com");
  return {
    certificate,
    sign(envelope) {
      const names = Object.keys(envelope).filter((name) => !/^(Sign|Unsubscribe)/.test(name));
      const text = names.sort().map((name) => `${name}\n${envelope[name]}\n`);
      return { ...envelope, Signature: createSign("RSA-SHA256").update(text.join("")).sign(key, "base64") };
    },
  };
}
