import { ExecutorRegistryError } from "@executor-registry/resolver";
import { type PlatformImage, readPlatformImages } from "../oci/read/platform-images.ts";
import type { Judgement, Subject } from "./check.ts";

/** Of a subject, so that the checks of one judgement read it once. */
const read = new WeakMap<Subject, Promise<readonly PlatformImage[]>>();

/**
 * Judges an image by everything that a container may be started from. What holds nothing of the kind, or more than is read, fails.
 * @throws RegistryError where any of it is missing or cannot be read
 */
export async function judgeImages(
  subject: Subject,
  signal: AbortSignal,
  judge: (images: readonly PlatformImage[]) => Judgement | Promise<Judgement>,
): Promise<Judgement> {
  let images: readonly PlatformImage[];
  try {
    images = await imagesOf(subject, signal);
  } catch (error) {
    // Verified bytes exceed it for ever.
    if (!(error instanceof ExecutorRegistryError && error.code === "too-large" && !error.retryable)) throw error;
    return { state: "failed", code: "limit-exceeded", reason: `${error.message}; push an image of fewer parts` };
  }
  if (images.length > 0) return judge(images);
  return { state: "failed", code: "not-runnable", reason: "it holds no image that a container can be started from" };
}

/** Judges each image of an index; the first that does not pass answers for all. */
export const judgeEach = (
  subject: Subject,
  signal: AbortSignal,
  judge: (image: PlatformImage) => Judgement | Promise<Judgement>,
): Promise<Judgement> => judgeImages(subject, signal, (images) => everyOf(images, judge));

/** The answer for all of some images; the first that does not pass gives it. */
export async function everyOf(
  images: readonly PlatformImage[],
  judge: (image: PlatformImage) => Judgement | Promise<Judgement>,
): Promise<Judgement> {
  const passed: Judgement[] = [];
  for (const image of images) {
    const judgement = await judge(image);
    const { platform = image.digest } = image;
    if (judgement.state !== "passed")
      return images.length === 1 ? judgement : { ...judgement, reason: `${platform}: ${judgement.reason}` };
    passed.push(judgement);
  }
  const [first] = passed;
  if (first === undefined) throw new TypeError("there is nothing to judge");
  const expires = Math.min(...passed.map((one) => one.expires ?? Infinity));
  const reason = passed.length === 1 ? first.reason : `each of ${passed.length} platforms: ${first.reason}`;
  return { ...first, reason, ...(Number.isFinite(expires) && { expires }) };
}

function imagesOf(subject: Subject, signal: AbortSignal): Promise<readonly PlatformImage[]> {
  const { image, reader } = subject;
  let images = read.get(subject);
  if (images === undefined) {
    images = readPlatformImages(reader, image.repository.name, image.digest, signal);
    read.set(subject, images);
    // The next check tries again.
    images.catch(() => read.delete(subject));
  }
  return images;
}
