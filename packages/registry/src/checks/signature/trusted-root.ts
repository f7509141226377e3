import { createPublicKey, hash, X509Certificate } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@executor-registry/resolver";
import { z } from "zod";
import { Secret, TextOrPlace } from "../../settings/secret.ts";
import { jsonOf } from "./legacy.ts";
import type { VerifyThread } from "./thread.ts";
import type { TrustedRoot } from "./verification.ts";

const PUBLIC_MIRROR = "https://tuf-repo-cdn.sigstore.dev";
/** Until a TUF repository is asked again. */
const FRESH_MS = 6 * 3_600_000;
/** After a failure. */
const RETRY_MS = 60_000;
/** For so long what was read serves on while the repository is away: what was revoked meanwhile would be trusted. */
const STALE_MS = 24 * 3_600_000;

const raw = (parse: (bytes: Buffer) => unknown) =>
  z.object({
    rawBytes: z.string().refine((text) => {
      try {
        parse(Buffer.from(text, "base64"));
        return true;
      } catch {
        return false;
      }
    }, "it cannot be read"),
  });
const Authorities = z
  .array(z.object({ certChain: z.object({ certificates: z.array(raw((der) => new X509Certificate(der))).min(1) }) }))
  .default([]);
const publicKey = raw((der) => {
  try {
    return createPublicKey({ key: der, format: "der", type: "spki" });
  } catch {
    return createPublicKey({ key: der, format: "der", type: "pkcs1" });
  }
});
const Logs = z.array(z.object({ publicKey })).default([]);

/** @see https://github.com/sigstore/protobuf-specs/blob/v0.5.2/protos/sigstore_trustroot.proto */
const Document = z.object({
  mediaType: z.string().startsWith("application/vnd.dev.sigstore.trustedroot"),
  certificateAuthorities: Authorities,
  timestampAuthorities: Authorities,
  tlogs: Logs,
  ctlogs: Logs,
});

const TrustedRootText = Secret.superRefine((text, context) => {
  const { error } = Document.safeParse(jsonOf(Buffer.from(text)));
  const [issue] = error?.issues ?? [];
  if (issue === undefined) return;
  const where = issue.path.length > 0 ? ` at ${issue.path.join(".")}` : "";
  context.addIssue({ code: "custom", message: `expected a trusted_root.json of sigstore${where}: ${issue.message}` });
});

/** Whose logs and certificates are trusted: members of a check's settings. */
export const trustSettings = {
  trustedRoot: TrustedRootText.optional().meta({
    title: "secret",
    description:
      "`{file: PATH}` of a `trusted_root.json`, for sites without internet and for a Fulcio and Rekor of one's own. Read again when it changes",
  }),
  tuf: z
    .strictObject({
      mirror: z.url({ protocol: /^https?$/ }).default(PUBLIC_MIRROR),
      root: TextOrPlace.optional().meta({
        title: "secret",
        description: "`{file: PATH}` of the repository's first `root.json`; the public one's is built in",
      }),
      cache: z.string().min(1).optional().meta({
        description: "A folder that is kept between starts; one for this start alone when absent",
      }),
    })
    .superRefine(({ mirror, root }, context) => {
      if (mirror === PUBLIC_MIRROR || root !== undefined) return;
      context.addIssue({ code: "custom", path: ["root"], message: "expected the first root.json of this repository" });
    })
    .optional()
    .meta({
      description: "The TUF repository that the trusted root is fetched from, where `trustedRoot` is absent",
    }),
};

/** Whose logs and certificates are trusted, as configured. */
export interface TrustSettings {
  readonly trustedRoot?: string | undefined;
  readonly tuf?:
    | { readonly mirror: string; readonly root?: string | undefined; readonly cache?: string | undefined }
    | undefined;
}

/** Where the trusted root comes from. */
export interface TrustSource {
  /** Of what is configured: another has another. */
  readonly identity: string;
  /** @throws ExecutorRegistryError where it cannot be had now */
  current(signal: AbortSignal): Promise<TrustedRoot>;
}

export function trustSource({ trustedRoot, tuf }: TrustSettings, thread: VerifyThread, clock: Clock): TrustSource {
  if (trustedRoot !== undefined) {
    const root = rootOf(trustedRoot);
    return { identity: root.id, current: async () => root };
  }
  const { mirror, root, cache } = tuf ?? { mirror: PUBLIC_MIRROR };
  let known: { readonly root: TrustedRoot; readonly at: number } | undefined;
  let asked = -Infinity;
  let folder: Promise<string> | undefined;
  const place = (): Promise<string> =>
    // Never a name that others can know: to write there is to decide whom to trust.
    (folder ??= cache === undefined ? mkdtemp(join(tmpdir(), "executor-registry-tuf-")) : Promise.resolve(cache));
  return {
    identity: hash("sha256", JSON.stringify([mirror, root]), "hex"),
    async current(signal) {
      const now = clock.now();
      const age = known === undefined ? Infinity : now - known.at;
      if (known !== undefined && (age < FRESH_MS || (now - asked < RETRY_MS && age < STALE_MS))) return known.root;
      asked = now;
      try {
        const task = { kind: "tuf", mirror, cache: await place(), ...(root !== undefined && { root }) } as const;
        known = { root: rootOf(await thread.trustedRoot(task, signal)), at: now };
        return known.root;
      } catch (error) {
        signal.throwIfAborted();
        if (known !== undefined && age < STALE_MS) return known.root;
        throw error;
      }
    },
  };
}

const rootOf = (json: string): TrustedRoot => ({ id: hash("sha256", json, "hex"), json });
