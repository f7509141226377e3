import type { Digest } from "@executor-registry/resolver";
import { RegistryError } from "../../oci/wire/errors.ts";
import { verifiedAttestations } from "../signature/attestations.ts";
import type { Trust } from "../signature/signers.ts";
import type { Target } from "./targets.ts";

/** What somebody who may has stated about an image. Signature, subject and type are verified. */
export interface SignedStatement {
  /** Of the manifest or of the index that names it. */
  readonly subject: Digest;
  readonly predicateType: string;
  readonly predicate: unknown;
  /** When it was signed, where a log or a timestamp authority vouches for it. Milliseconds since the Unix epoch. */
  readonly verifiedAt?: number;
  /** Who signed, in words. */
  readonly signer: string;
}

/** What was stated about an image, or about the index that names it. @throws RegistryError where there may be more than could be read */
export async function statementsAbout(
  { repository, digest, image, reader }: Target,
  trust: Trust,
  predicateTypes: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly SignedStatement[]> {
  const all: SignedStatement[] = [];
  for (const subject of new Set([digest, image])) {
    const about = { reader, image: subject };
    const { verified, refusals, incomplete } = await verifiedAttestations(about, { predicateTypes, trust }, signal);
    // Anyone with the right to push could hide the newest statement behind many others.
    if (incomplete || refusals.some(({ code }) => code === "limit-exceeded")) {
      const place = { host: repository.registry, repository: repository.path };
      throw new RegistryError("unreachable", `not all that is stated about ${subject} could be read`, place);
    }
    all.push(...verified.map((one) => ({ ...one, subject })));
  }
  return all;
}

/** Says what is wrong with settings that name no signer. */
export function needsSigners(
  { keys, identities }: { readonly keys: readonly unknown[]; readonly identities: readonly unknown[] },
  context: { addIssue(issue: { code: "custom"; path: string[]; message: string }): void },
): void {
  if (keys.length + identities.length > 0) return;
  context.addIssue({ code: "custom", path: ["keys"], message: "who may sign? Name keys or identities" });
}
