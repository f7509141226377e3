import type { Clock, Digest } from "@executor-registry/resolver";
import { z } from "zod";
import { oneLine } from "../model/one-line.ts";
import type { RepositoryReader } from "../oci/read/repository-reader.ts";
import { type Check, fingerprintOf, type Judgement } from "./check.ts";
import { type Authority, authoritiesOf, authoritySettings } from "./signature/authorities.ts";
import { missingAnnotation, SIGN_PREDICATE, statementOf } from "./signature/claims.ts";
import { discover, SIGNATURES } from "./signature/discover.ts";
import { type Signed, signersOf, type Trust, trustOf } from "./signature/signers.ts";
import { trustSettings } from "./signature/trusted-root.ts";
import { isRefusal, type Refusal, type SignatureCode } from "./signature/verification.ts";

export const SignatureSettings = z
  .strictObject({
    ...authoritySettings,
    require: z
      .union([z.enum(["any", "all"]), z.int().min(1)])
      .default("any")
      .meta({ description: "How many of the keys and identities have to have signed" }),
    annotations: z
      .record(z.string().min(1), z.string())
      .default({})
      .meta({ description: "Annotations that have to be signed with the image, as by `cosign sign -a`" }),
    ...trustSettings,
  })
  .superRefine((settings, context) => {
    const { keys, identities, require, trustedRoot, tuf, transparencyLog } = settings;
    const fail = (member: string, message: string): void =>
      context.addIssue({ code: "custom", path: [member], message });
    if (keys.length + identities.length === 0) fail("keys", "who may sign? Name keys or identities");
    else if (typeof require === "number" && require > authoritiesOf(settings).length)
      fail("require", `of ${authoritiesOf(settings).length} keys and identities ${require} cannot have signed`);
    if (trustedRoot !== undefined && tuf !== undefined) fail("tuf", "have either trustedRoot or tuf");
    const used = identities.length > 0 || transparencyLog === "required";
    if (!used && (trustedRoot ?? tuf) !== undefined)
      fail(tuf ? "tuf" : "trustedRoot", "keys alone do not use it: remove it, or set transparencyLog to required");
  });

/** A signature follows its image by seconds, or by an approval: first a minute, then twice as long each time. */
const FIRST_RETRY_MS = 60_000;
const LAST_RETRY_MS = 3_600_000;
/** Enough for the types that one image is of, and short enough for an operator who has it judged again. */
const VERIFIED_MS = 60_000;
const KEPT = 10_000;
const MAX_EVIDENCE = 500;

/** Counts the changes of what is judged otherwise with the same settings: what was judged before is judged again. */
const GENERATION = 1;

/**
 * Lets in only what those who are trusted have signed, as cosign signs. The signature is over the digest that is handed out: of an
 * index, the index itself.
 * @param lifetimeMs until a verdict that rests on certificates and logs is given again
 */
export function createSignatureCheck(
  settings: z.output<typeof SignatureSettings>,
  lifetimeMs: number,
  { clock }: { readonly clock: Clock },
): Check {
  const trust = trustOf(settings, { clock });
  const { authorities, identity, worldly } = trust;
  const { annotations, require } = settings;
  const needed = require === "any" ? 1 : require === "all" ? authorities.length : require;
  const seen = boundedMap<{ readonly judgement: Judgement; readonly until: number }>(KEPT);
  const misses = boundedMap<number>(KEPT);

  const judge = async (image: Digest, reader: RepositoryReader, signal: AbortSignal): Promise<Judgement> => {
    const { signed, refusals, waits } = await signersFound(image, reader, { trust, annotations, needed }, signal);
    const counted = new Map(signed.map((one) => [one.by, one]));
    if (counted.size >= needed) return passed([...counted.values()]);
    const [wait] = waits;
    if (wait !== undefined) return { state: "pending", code: wait.code, reason: wait.refused };
    const missed = (misses.get(image) ?? 0) + 1;
    misses.set(image, missed);
    const expires = clock.now() + Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(missed - 1, 10));
    return { ...failed([...counted.keys()], refusals, { authorities, needed }), expires };
  };

  return {
    name: "signature",
    fingerprint: fingerprintOf(GENERATION, identity, needed, annotations),
    ...(worldly && { lifetime: lifetimeMs }),
    async judge({ image: { digest }, reader }, signal) {
      const known = seen.get(digest);
      if (known !== undefined && clock.now() < known.until) return known.judgement;
      const judgement = await judge(digest, reader, signal).catch((error: unknown): Judgement => {
        signal.throwIfAborted();
        const why = error instanceof Error ? error.message : String(error);
        return {
          state: "pending",
          code: "verification-unavailable",
          reason: `its signatures cannot be verified now: ${why}`,
        };
      });
      if (judgement.state === "passed") {
        misses.delete(digest);
        seen.set(digest, { judgement, until: clock.now() + VERIFIED_MS });
      }
      return { ...judgement, reason: oneLine(judgement.reason) };
    },
  };
}

interface Rules {
  readonly trust: Trust;
  readonly annotations: Readonly<Record<string, string>>;
  readonly needed: number;
}

/** Who signed the image, as far as it takes; why the rest of what claims to be a signature does not count, or cannot be read now. */
async function signersFound(
  image: Digest,
  reader: RepositoryReader,
  { trust, annotations, needed }: Rules,
  signal: AbortSignal,
): Promise<{
  readonly signed: readonly Signed[];
  readonly refusals: readonly Refusal[];
  readonly waits: readonly Refusal[];
}> {
  const signed: Signed[] = [];
  const refusals: Refusal[] = [];
  const waits: Refusal[] = [];
  for await (const found of discover(reader, image, SIGNATURES, signal)) {
    if (isRefusal(found)) {
      (found.lasting ? refusals : waits).push(found);
      continue;
    }
    const { signed: by, refusals: missed } = await signersOf(found, trust, signal);
    if (by.length === 0) refusals.push(...missed);
    for (const one of by) {
      const refusal = refusalOf(one, image, annotations);
      if (refusal === undefined) signed.push(one);
      else refusals.push(refusal);
    }
    if (new Set(signed.map((one) => one.by)).size >= needed) break;
  }
  return { signed, refusals, waits };
}

function refusalOf(
  { verified }: Signed,
  image: Digest,
  annotations: Readonly<Record<string, string>>,
): Refusal | undefined {
  const statement = statementOf(verified, image);
  if (isRefusal(statement)) return statement;
  // cosign itself takes any statement about the image: a list of its packages would count as an approval.
  if (statement.predicateType !== SIGN_PREDICATE)
    return {
      code: "claim-mismatch",
      refused: `it states "${statement.predicateType.slice(0, 100)}", and does not sign the image`,
    };
  const missing = missingAnnotation(statement, annotations);
  return missing === undefined
    ? undefined
    : { code: "claim-mismatch", refused: `the annotation ${missing} is not signed with the required value` };
}

function passed(signed: readonly Signed[]): Judgement {
  const signers = signed.map(({ signer }) => signer).join("; ");
  const times = signed.flatMap(({ verified: { verifiedAt } }) => (verifiedAt === undefined ? [] : [verifiedAt]));
  const entries = signed.flatMap(({ verified: { logIndex } }) => (logIndex === undefined ? [] : [logIndex]));
  return {
    state: "passed",
    reason: `it is signed by ${signers}`,
    evidence: {
      signer: oneLine(signers, MAX_EVIDENCE),
      ...(times.length > 0 && { signedAt: new Date(Math.max(...times)).toISOString() }),
      ...(entries.length > 0 && { logIndex: oneLine(entries.join(", "), MAX_EVIDENCE) }),
    },
  };
}

/** The later in this list a refusal is, the nearer it is to a signature that counts. */
const NEARNESS: readonly SignatureCode[] = [
  "limit-exceeded",
  "signature-invalid",
  "log-invalid",
  "certificate-invalid",
  "identity-mismatch",
  "claim-mismatch",
];

function failed(
  counted: readonly Authority[],
  refusals: readonly Refusal[],
  { authorities, needed }: { readonly authorities: readonly Authority[]; readonly needed: number },
): Judgement {
  const nearest = refusals.toSorted((a, b) => NEARNESS.indexOf(b.code) - NEARNESS.indexOf(a.code))[0];
  const missing = authorities.filter((one) => !counted.includes(one)).map(({ name }) => name);
  if (counted.length > 0) {
    const why = nearest === undefined ? "" : `; of what else was found: ${nearest.refused}`;
    const reason = `${counted.length} of ${needed} required signatures; not by ${missing.join("; ")}${why}`;
    return { state: "failed", code: "signatures-missing", reason };
  }
  if (nearest === undefined)
    return {
      state: "failed",
      code: "unsigned",
      reason: `it is not signed; sign it with cosign, by ${missing.join("; or by ")}`,
    };
  const others = refusals.length > 1 ? ` (the nearest of ${refusals.length})` : "";
  return { state: "failed", code: nearest.code, reason: `its signature does not count: ${nearest.refused}${others}` };
}

/** A map that forgets what was put into it longest ago. */
function boundedMap<Value>(most: number): Pick<Map<string, Value>, "get" | "set" | "delete"> {
  const values = new Map<string, Value>();
  return {
    get: (key) => values.get(key),
    delete: (key) => values.delete(key),
    set(key, value) {
      values.delete(key);
      const [oldest] = values.keys();
      if (values.size >= most && oldest !== undefined) values.delete(oldest);
      return values.set(key, value);
    },
  };
}
