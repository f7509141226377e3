import { type Digest, tryParseReference } from "@executor-registry/resolver";
import { z } from "zod";
import { oneLine } from "../model/one-line.ts";
import { repositoryPattern } from "../model/repository-pattern.ts";
import { type PlatformImage, readPlatformImages } from "../oci/read/platform-images.ts";
import { type Check, fingerprintOf, type Judgement, type Subject } from "./check.ts";
import { judgeEach } from "./platforms-of.ts";

const PINNED = /^([^@*]+)@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const MAX_BASES = 50;

export const BaseImageSettings = z
  .strictObject({
    allow: z.array(z.string().min(1)).min(1).max(MAX_BASES).meta({
      description:
        "Images that others may be built on: `registry/path@sha256:…`, or with `trustLabels` a pattern of `registry/path`. Where the base lies in the image's own repository, its layers must be the image's first ones",
    }),
    trustLabels: z.boolean().default(false).meta({
      description:
        "Whether the labels `org.opencontainers.image.base.name` and `.digest` count as well. They are a claim of who built the image, and prove nothing unless a signature covers them",
    }),
  })
  .superRefine(({ allow, trustLabels }, context) => {
    for (const [index, entry] of allow.entries()) {
      if (PINNED.test(entry) || (!entry.includes("@") && trustLabels)) continue;
      const message = entry.includes("@")
        ? "expected registry/path@sha256:… with all its 64 hex digits"
        : "a name can only be compared with labels: write registry/path@sha256:…, or `trustLabels: true`";
      context.addIssue({ code: "custom", path: ["allow", index], message });
    }
  });

interface Base {
  readonly text: string;
  readonly matches: (repository: string) => boolean;
  readonly digest: Digest | undefined;
}

/** Lets in only images that are built on certain others: by the layers that they begin with, or by the builder's word where that is trusted. */
export function createBaseImagesCheck({ allow, trustLabels }: z.output<typeof BaseImageSettings>): Check {
  const bases = allow.map((text): Base => {
    const [, name = text, digest] = PINNED.exec(text) ?? [];
    return { text, matches: repositoryPattern(name), digest: digest as Digest | undefined };
  });
  return {
    name: "base-images",
    fingerprint: fingerprintOf(allow, trustLabels),
    async judge(subject, signal) {
      const read = new Map<Digest, Promise<readonly PlatformImage[]>>();
      const layersOf = (digest: Digest): Promise<readonly PlatformImage[]> => {
        const images =
          read.get(digest) ?? readPlatformImages(subject.reader, subject.image.repository.name, digest, signal);
        read.set(digest, images);
        return images;
      };
      return judgeEach(subject, signal, (image) => judgeBase(image, subject, { bases, trustLabels, layersOf }));
    },
  };
}

async function judgeBase(
  image: PlatformImage,
  { image: { repository } }: Subject,
  {
    bases,
    trustLabels,
    layersOf,
  }: {
    readonly bases: readonly Base[];
    readonly trustLabels: boolean;
    readonly layersOf: (digest: Digest) => Promise<readonly PlatformImage[]>;
  },
): Promise<Judgement> {
  const here = bases.filter(({ digest, matches }) => digest !== undefined && matches(repository.name));
  let unread: Error | undefined;
  for (const { digest, text } of here) {
    if (digest === undefined) continue;
    try {
      if ((await layersOf(digest)).some((base) => beginsWith(image, base)))
        return {
          state: "passed",
          reason: `its first layers are those of ${text}`,
          evidence: { base: text, by: "layers" },
        };
    } catch (error) {
      unread ??= error as Error;
    }
  }
  const claim = claimOf(image);
  // What lies beside the image is compared with its layers, whatever a label says.
  const claimed = trustLabels ? bases.find((base) => !here.includes(base) && isClaimed(base, claim)) : undefined;
  if (claimed !== undefined) {
    const reason = `its labels say that it is built on ${claimed.text}, which is its builder's word`;
    return { state: "passed", reason, evidence: { base: claimed.text, by: "labels" } };
  }
  if (unread !== undefined) throw unread;
  const names = bases.map(({ text }) => text).join(", ");
  const fact = [
    here.length > 0
      ? "its first layers are those of no allowed base"
      : "no allowed base lies in its repository, where its layers could be compared",
    ...(trustLabels ? [`its labels name ${claim.text === "" ? "no base" : oneLine(claim.text, 120)}`] : []),
  ].join(", and ");
  return { state: "failed", code: "base-not-allowed", reason: oneLine(`${fact}; build it on one of ${names}`) };
}

/** A base without layers, as `scratch` is, would be under every image. */
const beginsWith = ({ diffIds }: PlatformImage, base: PlatformImage): boolean =>
  base.diffIds.length > 0 && base.diffIds.every((id, place) => diffIds[place] === id);

interface BaseClaim {
  readonly text: string;
  readonly repository: string | undefined;
  readonly digest: string | undefined;
}

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md */
function claimOf({ labels }: PlatformImage): BaseClaim {
  const name = labels.get("org.opencontainers.image.base.name");
  const reference = name === undefined ? undefined : tryParseReference(name);
  const digest = labels.get("org.opencontainers.image.base.digest") ?? reference?.digest;
  return {
    text: [name, digest].filter(Boolean).join("@"),
    repository: reference && `${reference.registry}/${reference.repository}`,
    digest,
  };
}

/** A claim of a name has to fit where there is one; a base with a digest needs that digest. */
function isClaimed({ matches, digest }: Base, claim: BaseClaim): boolean {
  if (claim.repository === undefined ? digest === undefined : !matches(claim.repository)) return false;
  return digest === undefined || claim.digest === digest;
}
