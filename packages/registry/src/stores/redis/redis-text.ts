import { hash } from "node:crypto";

/** Half of a surrogate pair is no UTF-8: such a text is kept as JSON, which writes it as an escape. Each begins with which it is. */
export const encodeText = (text: string): string => (text.isWellFormed() ? `=${text}` : `"${JSON.stringify(text)}`);

/** @throws Error for what {@link encodeText} never made */
export function decodeText(kept: string): string {
  if (kept.startsWith("=")) return kept.slice(1);
  return JSON.parse(kept.slice(1)) as string;
}

/** Characters of a digest. */
export const DIGEST_LENGTH = 22;

/** A short name of a text of any length, different for each: 128 bits of SHA-256. */
export const digestOf = (text: string): string => hash("sha256", encodeText(text), "base64url").slice(0, DIGEST_LENGTH);
