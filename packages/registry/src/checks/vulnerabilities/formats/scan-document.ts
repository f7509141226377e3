import type { Digest } from "@executor-registry/resolver";
import { z } from "zod";
import { type Place, RegistryError } from "../../../oci/wire/errors.ts";
import type { ScanReport } from "../../../model/scan-report.ts";
import type { Target } from "../targets.ts";

/** A report as a scanner's own format has it: which image it is of is its own claim. */
export interface ScanDocument {
  /** The digest of the image's configuration, where it is said. */
  readonly imageId?: string;
  /** Digests that the image, or an index that names it, has in registries. */
  readonly digests: readonly string[];
  readonly report: Omit<ScanReport, "digest" | "provider">;
}

/** One format of scanners' reports. */
export interface ScanFormat {
  readonly name: string;
  /** Whether a document looks like it. */
  matches(value: object): boolean;
  /** @throws ZodError for what is not as the format says: a report of which a part cannot be read is none */
  parse(value: object): ScanDocument;
}

/**
 * Whether a report is of an image: by its configuration's digest, else by its manifest's. `unsaid` where it names neither, or an index alone,
 * which has several images.
 */
export function isOf({ imageId, digests }: ScanDocument, target: Target, configuration: Digest | undefined) {
  if (imageId !== undefined && imageId !== "") return imageId === configuration ? "yes" : "no";
  if (digests.includes(target.digest)) return "yes";
  return digests.every((digest) => digest === target.image) ? "unsaid" : "no";
}

/** Text that tools leave out, or set to null. */
export const optionalText = z.string().nullish();
/** A list that tools leave out, or set to null, where it is empty. */
export const listOf = <T extends z.ZodType>(item: T, most: number) =>
  z
    .array(item)
    .max(most)
    .nullish()
    .transform((items) => items ?? []);

/** The digest of `repository@digest`. */
export const digestIn = (reference: string): string => reference.slice(reference.lastIndexOf("@") + 1);

/** A report that cannot be understood. */
export const malformed = (why: string, place: Place): RegistryError =>
  new RegistryError("registry-protocol", why, place, { retryable: false });
