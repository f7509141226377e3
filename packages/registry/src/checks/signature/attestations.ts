import type { Digest } from "@executor-registry/resolver";
import type { RepositoryReader } from "../../oci/read/repository-reader.ts";
import { statementOf } from "./claims.ts";
import { attestationsOf, discover } from "./discover.ts";
import { signersOf, type Trust } from "./signers.ts";
import { isRefusal, type Refusal } from "./verification.ts";

/** What somebody who is trusted stated about an image: signature, subject and type are verified. */
interface VerifiedAttestation {
  readonly predicateType: string;
  /** Signed JSON of the signer's own making. */
  readonly predicate: unknown;
  /** The earliest time that a log or a timestamp authority vouches for; absent where none was asked. Milliseconds since the Unix epoch. */
  readonly verifiedAt?: number;
  /** Who signed, in words. */
  readonly signer: string;
}

/** What was stated about an image, and why other statements beside it do not count. */
interface Attestations {
  readonly verified: readonly VerifiedAttestation[];
  readonly refusals: readonly Refusal[];
  /** Whether something could not be read now: there may be more. */
  readonly incomplete: boolean;
}

/**
 * The statements of these types about an image by those who may sign, from cosign's tag and from what refers to the image.
 * @throws ExecutorRegistryError where that cannot be found out now
 */
export async function verifiedAttestations(
  { reader, image }: { readonly reader: RepositoryReader; readonly image: Digest },
  { predicateTypes, trust }: { readonly predicateTypes: ReadonlySet<string>; readonly trust: Trust },
  signal: AbortSignal,
): Promise<Attestations> {
  const verified: VerifiedAttestation[] = [];
  const refusals: Refusal[] = [];
  let incomplete = false;
  for await (const found of discover(reader, image, attestationsOf(predicateTypes), signal)) {
    if (isRefusal(found)) {
      refusals.push(found);
      incomplete ||= !found.lasting;
      continue;
    }
    const { signed, refusals: missed } = await signersOf(found, trust, signal);
    const [first] = signed;
    if (first === undefined) {
      refusals.push(...missed);
      continue;
    }
    const statement = statementOf(first.verified, image);
    if (isRefusal(statement)) refusals.push(statement);
    else if (predicateTypes.has(statement.predicateType)) {
      const { verifiedAt } = first.verified;
      const { predicateType, predicate } = statement;
      verified.push({
        predicateType,
        predicate,
        signer: first.signer,
        ...(verifiedAt !== undefined && { verifiedAt }),
      });
    }
  }
  return { verified, refusals, incomplete };
}
