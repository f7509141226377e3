import { createHash, X509Certificate } from "node:crypto";
import { z } from "zod";
import type { Refusal } from "./verification.ts";

const SIGNATURE = "dev.cosignproject.cosign/signature";
const CERTIFICATE = "dev.sigstore.cosign/certificate";
const LOG_BUNDLE = "dev.sigstore.cosign/bundle";
const TIMESTAMP = "dev.sigstore.cosign/rfc3161timestamp";

/** Most characters of an annotation. A certificate has two thousand. */
const MAX_ANNOTATION = 64 << 10;

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);
const count = z.int().nonnegative();
const LogBundle = z.object({
  SignedEntryTimestamp: base64,
  Payload: z.object({
    body: base64,
    integratedTime: count,
    logIndex: count,
    logID: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});
const EntryKind = z.object({ kind: z.string().min(1), apiVersion: z.string().min(1) });
const Timestamp = z.object({ SignedRFC3161Timestamp: base64 });
const Envelope = z.object({
  payloadType: z.string().min(1),
  payload: base64,
  signatures: z.tuple([z.object({ sig: base64 })]),
});

/** A layer of a cosign signature, as a sigstore bundle that says the same. */
export interface LegacyBundle {
  readonly bundle: Uint8Array;
}

type Annotations = Readonly<Record<string, string>>;

/**
 * A layer of simple signing: the payload is the layer, all else is in the layer's annotations. None of it is verified here.
 * @see https://github.com/sigstore/cosign/blob/v2.6.2/specs/SIGNATURE_SPEC.md
 */
export function simpleSigningBundle(payload: Uint8Array, annotations: Annotations): LegacyBundle | Refusal {
  const signature = base64.safeParse(annotations[SIGNATURE]).data;
  if (signature === undefined) return invalid("it has no signature in base64 in its annotations");
  const digest = createHash("sha256").update(payload).digest("base64");
  return bundleOf({ messageSignature: { messageDigest: { algorithm: "SHA2_256", digest }, signature } }, annotations);
}

/**
 * A layer that is a signed envelope, as `cosign attest` makes it.
 * @see https://github.com/secure-systems-lab/dsse/blob/v1.0.2/envelope.md
 */
export function envelopeBundle(layer: Uint8Array, annotations: Annotations): LegacyBundle | Refusal {
  const envelope = Envelope.safeParse(jsonOf(layer)).data;
  if (envelope === undefined) return invalid("it is not an envelope with one signature");
  return bundleOf({ dsseEnvelope: envelope }, annotations);
}

function bundleOf(content: object, annotations: Annotations): LegacyBundle | Refusal {
  const read = [CERTIFICATE, LOG_BUNDLE, TIMESTAMP, SIGNATURE].map((name) => annotations[name] ?? "");
  if (read.some((value) => value.length > MAX_ANNOTATION))
    return { code: "limit-exceeded", refused: `an annotation has more than ${MAX_ANNOTATION} characters` };
  const [pem = "", log = "", timestamp = ""] = read;
  const signer = pem === "" ? { publicKey: { hint: "" } } : certificateOf(pem);
  if (signer === undefined) return { code: "certificate-invalid", refused: "its certificate cannot be read" };
  const entries = log === "" ? [] : entriesOf(log);
  if (entries === undefined) return { code: "log-invalid", refused: "its log entry cannot be read" };
  const stamps = timestamp === "" ? [] : timestampsOf(timestamp);
  if (stamps === undefined) return { code: "log-invalid", refused: "its timestamp cannot be read" };
  const bundle = {
    mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.1",
    ...content,
    verificationMaterial: {
      ...signer,
      tlogEntries: entries,
      timestampVerificationData: { rfc3161Timestamps: stamps },
    },
  };
  return { bundle: Buffer.from(JSON.stringify(bundle)) };
}

function certificateOf(pem: string): object | undefined {
  try {
    return { certificate: { rawBytes: new X509Certificate(pem).raw.toString("base64") } };
  } catch {
    return undefined;
  }
}

function entriesOf(text: string): readonly object[] | undefined {
  const log = LogBundle.safeParse(jsonOf(Buffer.from(text))).data;
  if (log === undefined) return undefined;
  const { body, integratedTime, logIndex, logID } = log.Payload;
  const kind = EntryKind.safeParse(jsonOf(Buffer.from(body, "base64"))).data;
  if (kind === undefined) return undefined;
  const entry = {
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(logID, "hex").toString("base64") },
    kindVersion: { kind: kind.kind, version: kind.apiVersion },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp: log.SignedEntryTimestamp },
    canonicalizedBody: body,
  };
  return [entry];
}

function timestampsOf(text: string): readonly object[] | undefined {
  const stamp = Timestamp.safeParse(jsonOf(Buffer.from(text))).data;
  return stamp && [{ signedTimestamp: stamp.SignedRFC3161Timestamp }];
}

/** `undefined` for what is not JSON in UTF-8. */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

const invalid = (refused: string): Refusal => ({ code: "signature-invalid", refused });
