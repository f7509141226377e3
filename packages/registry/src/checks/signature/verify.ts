import { createPublicKey, verify as verifySignature, X509Certificate } from "node:crypto";
import { type Bundle, bundleFromJSON } from "@sigstore/bundle";
import { RFC3161Timestamp } from "@sigstore/core";
import { TrustedRoot as ParsedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, type TrustMaterial, Verifier } from "@sigstore/verify";
import { z } from "zod";
import { jsonOf } from "./legacy.ts";
import { type EntrySigner, isEntryOf } from "./log-entry-key.ts";
import type {
  CertifiedIdentity,
  Refusal,
  SignatureCode,
  Trial,
  TrustedRoot,
  Verified,
  VerifyAnswer,
  VerifyTask,
} from "./verification.ts";

/** The only bundles that are read; the library itself takes versions that do not exist. */
const BUNDLES: ReadonlySet<unknown> = new Set([
  "application/vnd.dev.sigstore.bundle.v0.3+json",
  "application/vnd.dev.sigstore.bundle+json;version=0.3",
]);
/** Each costs milliseconds before the library looks whether it is there twice. */
const MAX_ENTRIES = 4;
const MAX_TIMESTAMPS = 2;
const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
const ROOTS_KEPT = 8;

const list = (most: number) => z.array(z.unknown()).max(most).nullish();
const Counted = z.object({
  mediaType: z.unknown(),
  verificationMaterial: z.object({
    tlogEntries: list(MAX_ENTRIES),
    timestampVerificationData: z.object({ rfc3161Timestamps: list(MAX_TIMESTAMPS) }).nullish(),
  }),
});

/** Tries what claims to be a signature with each key, and with its certificate. Whatever goes wrong refuses it. */
export function verifyFound(task: VerifyTask): VerifyAnswer {
  const { found, keys, certificates } = task;
  const guarded = <T extends object>(trial: () => T | Refusal): T | Refusal => {
    try {
      return trial();
    } catch (error) {
      return refusalOf(error);
    }
  };
  const bundle = guarded(() => readBundle(found.bundle, found.form === "bundle"));
  if ("refused" in bundle) return { keys: keys.map(() => bundle), ...(certificates && { certificate: bundle }) };
  return {
    keys: keys.map((pem) => guarded(() => byKey(bundle, pem, task))),
    ...(certificates && { certificate: guarded(() => byCertificate(bundle, task)) }),
  };
}

function readBundle(bytes: Uint8Array, own: boolean): Bundle | Refusal {
  const json = jsonOf(bytes);
  const counted = Counted.safeParse(json);
  if (!counted.success) {
    const many = counted.error.issues.some(({ code }) => code === "too_big");
    return many
      ? {
          code: "limit-exceeded",
          refused: `it has more than ${MAX_ENTRIES} log entries or ${MAX_TIMESTAMPS} timestamps`,
        }
      : { code: "signature-invalid", refused: "it is not a sigstore bundle" };
  }
  if (own && !BUNDLES.has(counted.data.mediaType))
    return { code: "signature-invalid", refused: "it is not a sigstore bundle of version 0.3" };
  const bundle = bundleFromJSON(json);
  if (own && bundle.content.$case !== "dsseEnvelope")
    return { code: "signature-invalid", refused: "it holds no statement about an image" };
  return bundle;
}

function byKey(given: Bundle, pem: string, { found, keysInLog, root }: VerifyTask): Trial {
  const key = createPublicKey(pem);
  const { tlogEntries } = given.verificationMaterial;
  // A key that is trusted vouches by itself: what else comes with its signature is not looked at, and cannot spoil it.
  const bundle: Bundle = {
    ...given,
    verificationMaterial: {
      content: { $case: "publicKey", publicKey: { hint: "" } },
      tlogEntries: keysInLog ? tlogEntries : [],
      timestampVerificationData: undefined,
    },
  };
  if (!keysInLog && key.asymmetricKeyType === "ed25519" && given.content.$case === "messageSignature") {
    // The library hashes first, which these keys do themselves.
    const { signature } = given.content.messageSignature;
    return found.payload !== undefined && verifySignature(null, found.payload, key, signature)
      ? { payload: found.payload }
      : OTHER_KEY;
  }
  const trust = {
    ...materialOf(keysInLog ? root : undefined),
    publicKey: () => ({ publicKey: key, validFor: () => true }),
  };
  new Verifier(trust, { tlogThreshold: keysInLog ? 1 : 0, ctlogThreshold: 0, timestampThreshold: 0 }).verify(
    toSignedEntity(bundle, found.payload && Buffer.from(found.payload)),
  );
  return bindingRefusal(bundle, { key }) ?? verifiedOf(bundle, found.payload);
}

function byCertificate(bundle: Bundle, { found, root }: VerifyTask): Trial<CertifiedIdentity> {
  const { content } = bundle.verificationMaterial;
  if (content.$case !== "certificate")
    return { code: "signature-invalid", refused: "it was made with a key, not with a certificate" };
  const entity = toSignedEntity(bundle, found.payload && Buffer.from(found.payload));
  const { key, identity } = new Verifier(materialOf(root)).verify(entity);
  const leaf = new X509Certificate(content.certificate.rawBytes);
  if (leaf.ca || !leaf.keyUsage?.includes(CODE_SIGNING))
    return { code: "certificate-invalid", refused: "its certificate is not for signing code" };
  const refusal = bindingRefusal(bundle, { key, certificate: leaf });
  if (refusal !== undefined) return refusal;
  const outside = timesOf(bundle).some(
    (time) => time < leaf.validFromDate.getTime() || time > leaf.validToDate.getTime(),
  );
  if (outside) return EXPIRED;
  const { subjectAlternativeName: subject, extensions: { issuer } = {} } = identity ?? {};
  if (!subject || !issuer)
    return {
      code: "identity-mismatch",
      refused: "its certificate does not say to whom it was issued, and by whose word",
    };
  return { ...verifiedOf(bundle, found.payload), issuer, subject };
}

function bindingRefusal({ verificationMaterial: { tlogEntries } }: Bundle, signer: EntrySigner): Refusal | undefined {
  return tlogEntries.every(({ canonicalizedBody }) => isEntryOf(canonicalizedBody, signer))
    ? undefined
    : { code: "log-invalid", refused: "its log entry is about another key" };
}

function verifiedOf(bundle: Bundle, payload: Uint8Array | undefined): Verified {
  const [entry] = bundle.verificationMaterial.tlogEntries;
  const times = timesOf(bundle);
  const more = {
    ...(times.length > 0 && { verifiedAt: Math.min(...times) }),
    ...(entry && { logIndex: entry.logIndex }),
  };
  if (bundle.content.$case === "dsseEnvelope") {
    const { payload: signed, payloadType } = bundle.content.dsseEnvelope;
    return { payload: signed, payloadType, ...more };
  }
  if (payload === undefined) throw new TypeError("a message's signature without the message");
  return { payload, ...more };
}

/** The times that a verified bundle was at: of log entries whose time the log signed, and of timestamps. */
function timesOf({ verificationMaterial: { tlogEntries, timestampVerificationData } }: Bundle): readonly number[] {
  return [
    ...tlogEntries
      .filter(({ inclusionPromise, integratedTime }) => inclusionPromise !== undefined && integratedTime !== "0")
      .map(({ integratedTime }) => Number(integratedTime) * 1000),
    ...(timestampVerificationData?.rfc3161Timestamps ?? []).map(({ signedTimestamp }) =>
      RFC3161Timestamp.parse(Buffer.from(signedTimestamp)).signingTime.getTime(),
    ),
  ];
}

type Roots = Omit<TrustMaterial, "publicKey"> & { readonly publicKey: () => never };
const materials = new Map<string, Roots>();

function materialOf(root: TrustedRoot | undefined): Roots {
  const { id, json } = root ?? { id: "", json: "{}" };
  let material = materials.get(id);
  if (material === undefined) {
    const noKey = (): never => {
      throw new TypeError("a key where a certificate has to be");
    };
    const parsed = toTrustMaterial(ParsedRoot.fromJSON(JSON.parse(json)), noKey);
    material = { ...parsed, publicKey: noKey };
    const [oldest] = materials.keys();
    if (materials.size >= ROOTS_KEPT && oldest !== undefined) materials.delete(oldest);
    materials.set(id, material);
  }
  return material;
}

const OTHER_KEY: Refusal = { code: "signature-invalid", refused: "it was not made by this key, or not of these bytes" };
const EXPIRED: Refusal = {
  code: "certificate-invalid",
  refused: "its certificate was not valid at the time that the log or the timestamp gives",
};

/** The library's codes, of several classes. Others are those of errors that foreign bytes cause within it. */
function refusalOf(error: unknown): Refusal {
  const { code: own = "", message = "", cause, name } = Object(error) as Partial<Error & { readonly code: string }>;
  const why = [message, (cause as Partial<Error> | undefined)?.message ?? ""].join(" ");
  if (own === "SIGNATURE_ERROR") return OTHER_KEY;
  if (/not valid or expired/.test(why)) return EXPIRED;
  if (/expected \d+ SCTs/.test(why))
    return { code: "certificate-invalid", refused: "its certificate is in no trusted certificate log (SCT)" };
  const known: readonly (readonly [RegExp, SignatureCode, string])[] = [
    [/^CERTIFICATE_ERROR$/, "certificate-invalid", "its certificate is not one of a trusted authority"],
    [/^TIMESTAMP_ERROR$/, "log-invalid", "it has no time that a trusted log or timestamp authority vouches for"],
    [/^TLOG_ERROR$/, "log-invalid", "it is in no transparency log"],
    [/^TLOG_BODY_ERROR$/, "log-invalid", "its log entry is about another signature"],
    [/^TLOG_/, "log-invalid", "its log entry is not one of a trusted log"],
  ];
  for (const [match, code, refused] of known) if (match.test(own)) return { code, refused };
  return { code: "signature-invalid", refused: `it cannot be read (${own || name || "unknown"})` };
}
