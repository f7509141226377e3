/** Which kind of failure or wait it is. */
export type SignatureCode =
  | "unsigned"
  | "signature-invalid"
  | "certificate-invalid"
  | "identity-mismatch"
  | "claim-mismatch"
  | "log-invalid"
  | "limit-exceeded"
  | "registry-unavailable"
  | "verification-unavailable";

/** Why something that claims to be a signature does not count. */
export interface Refusal {
  readonly code: SignatureCode;
  /** A clause about it: `it was not made by this key`. */
  readonly refused: string;
}

/** What is found beside an image and claims to be a signature of it. Nothing in it is verified. */
export interface Found {
  /** For messages: where it lies. */
  readonly name: string;
  /** `legacy`: made of what cosign writes into annotations. `bundle`: the signer's own sigstore bundle. */
  readonly form: "legacy" | "bundle";
  /** A sigstore bundle, as JSON. */
  readonly bundle: Uint8Array;
  /** What was signed, where the bundle does not hold it. */
  readonly payload?: Uint8Array;
}

/** The certificates and log keys that are trusted, as a `trusted_root.json`. */
export interface TrustedRoot {
  /** SHA-256 of the text, in hex. */
  readonly id: string;
  readonly json: string;
}

/** What a thread for cryptography is asked: who signed this? */
export interface VerifyTask {
  readonly kind: "verify";
  readonly found: Found;
  /** Public keys in PEM that may have signed it. */
  readonly keys: readonly string[];
  /** Whether signatures by keys have to be in a transparency log. */
  readonly keysInLog: boolean;
  /** Whether a certificate may have signed it. */
  readonly certificates: boolean;
  /** Needed for logs and certificates. */
  readonly root?: TrustedRoot;
}

/** What is known once a signature is verified. */
export interface Verified {
  /** The bytes that were signed. */
  readonly payload: Uint8Array;
  /** Of an envelope: the type that was signed with them. */
  readonly payloadType?: string;
  /** The earliest time that a log or a timestamp authority vouches for. Milliseconds since the Unix epoch. */
  readonly verifiedAt?: number;
  /** Its place in the transparency log. */
  readonly logIndex?: string;
}

/** Who the certificate was issued to, and by whose word. */
export interface CertifiedIdentity {
  readonly issuer: string;
  readonly subject: string;
}

/** The answer about one key, or about the certificate. */
export type Trial<More = unknown> = (Verified & More) | Refusal;

/** One answer for each key, in their order, and one for the certificate where it was asked for. */
export interface VerifyAnswer {
  readonly keys: readonly Trial[];
  readonly certificate?: Trial<CertifiedIdentity>;
}

/** What a thread is asked: the trusted root that a TUF repository holds. */
export interface TufTask {
  readonly kind: "tuf";
  readonly mirror: string;
  /** The repository's first `root.json`; the public one's when absent. */
  readonly root?: string;
  /** A folder of ours for its metadata. */
  readonly cache: string;
  /** Milliseconds. */
  readonly timeout: number;
}

export const isRefusal = (trial: object): trial is Refusal => "refused" in trial;
