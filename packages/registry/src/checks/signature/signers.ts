import { type Clock, systemClock } from "@executor-registry/resolver";
import { authoritiesOf, type Authority, type AuthoritySettings } from "./authorities.ts";
import { createVerifyThread, type VerifyThread } from "./thread.ts";
import { trustSource, type TrustSettings, type TrustSource } from "./trusted-root.ts";
import { type Found, isRefusal, type Refusal, type Verified } from "./verification.ts";

/** By what signatures are verified. */
export interface Trust {
  readonly authorities: readonly Authority[];
  /** Whether signatures by keys have to be in a transparency log. */
  readonly keysInLog: boolean;
  readonly roots: TrustSource;
  readonly thread: VerifyThread;
  /** Of who may sign and whom that rests on: what was verified by another is verified again. JSON values. */
  readonly identity: readonly unknown[];
  /** Whether what is verified may not be so tomorrow, since it rests on certificates and logs. */
  readonly worldly: boolean;
}

/** Of the whole process. It starts with the first signature. */
const sharedThread = createVerifyThread();

export function trustOf(
  settings: AuthoritySettings & TrustSettings,
  { clock = systemClock, thread = sharedThread }: { readonly clock?: Clock; readonly thread?: VerifyThread } = {},
): Trust {
  const authorities = authoritiesOf(settings);
  const keysInLog = settings.transparencyLog === "required";
  const roots = trustSource(settings, thread, clock);
  const worldly = keysInLog || authorities.some(({ kind }) => kind === "identity");
  const identity = [authorities, keysInLog, worldly && roots.identity];
  return { authorities, keysInLog, roots, thread, identity, worldly };
}

/** What one who may sign has signed. */
export interface Signed {
  readonly by: Authority;
  readonly verified: Verified;
  /** Who signed, in words. */
  readonly signer: string;
}

/**
 * Who of those that may sign has signed this, and why the others have not.
 * @throws ExecutorRegistryError where that cannot be found out now
 */
export async function signersOf(
  found: Found,
  { authorities, keysInLog, roots, thread }: Trust,
  signal: AbortSignal,
): Promise<{ readonly signed: readonly Signed[]; readonly refusals: readonly Refusal[] }> {
  const keys = authorities.filter((one) => one.kind === "key");
  const identities = authorities.filter((one) => one.kind === "identity");
  const needed = identities.length > 0 || keysInLog;
  const root = needed ? await roots.current(signal) : undefined;
  const answer = await thread.verify(
    {
      kind: "verify",
      found,
      keys: keys.map(({ pem }) => pem),
      keysInLog,
      certificates: identities.length > 0,
      ...(root && { root }),
    },
    signal,
  );
  const signed: Signed[] = [];
  const refusals: Refusal[] = [];
  for (const [index, by] of keys.entries()) {
    const trial = answer.keys[index];
    if (trial === undefined) throw new TypeError("an answer for fewer keys than were asked about");
    if (isRefusal(trial)) refusals.push(trial);
    else signed.push({ by, verified: trial, signer: by.name });
  }
  const { certificate } = answer;
  if (certificate !== undefined && isRefusal(certificate)) refusals.push(certificate);
  else if (certificate !== undefined) {
    const signer = `${certificate.subject} by ${certificate.issuer}`;
    const matching = identities.filter((one) => one.matches(certificate));
    for (const by of matching) signed.push({ by, verified: certificate, signer });
    if (matching.length === 0) refusals.push(mismatch(certificate, identities, signer));
  }
  return { signed, refusals };
}

function mismatch({ issuer }: { readonly issuer: string }, identities: readonly Authority[], signer: string): Refusal {
  const sameIssuer = identities.some(({ name }) => name.endsWith(` by ${issuer}`));
  return {
    code: "identity-mismatch",
    refused: `it was made by ${signer}, ${sameIssuer ? "a subject" : "an issuer"} that is not among the identities`,
  };
}
