import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Digest, isDigest } from "../reference/digest.ts";
import { isObject } from "../tools/json.ts";
import { readRegularFile } from "../tools/regular-file.ts";
import { ExecutorRegistryError } from "../tools/errors.ts";

/** A content descriptor, as far as it is used. @see https://github.com/opencontainers/image-spec/blob/main/descriptor.md */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
  /** `os/architecture[/variant]`, of an entry of an index. */
  readonly platform?: string;
}

/** What a registry must take as a manifest, and so what one can be. */
const LIMIT_BYTES = 4 << 20;

/** Reads a JSON file of at most 4 MiB. @throws InvalidLayoutError */
export async function readJson(file: string, descriptor?: Descriptor): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await readBounded(file);
  if (descriptor) {
    const [algorithm = ""] = descriptor.digest.split(":");
    const actual = `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
    if (actual !== descriptor.digest) throw new InvalidLayoutError(file, `its content has digest ${actual}`);
    if (bytes.length !== descriptor.size)
      throw new InvalidLayoutError(file, `it has ${bytes.length} bytes, not ${descriptor.size}`);
  }
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (isObject(value)) return value;
  } catch (error) {
    throw new InvalidLayoutError(file, "it is not JSON", error);
  }
  throw new InvalidLayoutError(file, "it is not a JSON object");
}

/** Reads a blob and checks it against its descriptor. @throws InvalidLayoutError */
export function readBlob(directory: string, descriptor: Descriptor): Promise<Readonly<Record<string, unknown>>> {
  const [algorithm = "", hex = ""] = descriptor.digest.split(":");
  return readJson(join(directory, "blobs", algorithm, hex), descriptor);
}

/** @throws InvalidLayoutError naming `file` when the value is no descriptor */
export function parseDescriptor(value: unknown, file: string): Descriptor {
  const { mediaType, digest, size, annotations, platform } = isObject(value) ? value : {};
  if (typeof mediaType !== "string" || typeof digest !== "string" || !isDigest(digest) || typeof size !== "number") {
    throw new InvalidLayoutError(file, "it holds a descriptor without media type, digest or size");
  }
  const text = isObject(platform) ? platformText(platform) : undefined;
  return {
    mediaType,
    digest,
    size,
    annotations: textMembers(annotations),
    ...(text !== undefined && { platform: text }),
  };
}

/** The members of an object that are text; none of what is no object. */
export function textMembers(value: unknown): Readonly<Record<string, string>> {
  const members = isObject(value) ? Object.entries(value).filter((entry) => typeof entry[1] === "string") : [];
  return Object.fromEntries(members) as Record<string, string>;
}

/** `os/architecture[/variant]` of a platform or an image's configuration. */
export function platformText({ os, architecture, variant }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof os !== "string" || typeof architecture !== "string") return undefined;
  return typeof variant === "string" && variant !== "" ? `${os}/${architecture}/${variant}` : `${os}/${architecture}`;
}

async function readBounded(file: string): Promise<Buffer> {
  try {
    return await readRegularFile(file, LIMIT_BYTES);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "no such file" : code === undefined ? message : `it cannot be read (${code})`;
    throw new InvalidLayoutError(file, why, error);
  }
}

/** A folder that is no OCI image layout, or one whose content does not match its digests. */
export class InvalidLayoutError extends ExecutorRegistryError {
  override readonly name = "InvalidLayoutError";
  /** The file that is wrong. */
  readonly file: string;

  constructor(file: string, problem: string, cause?: unknown) {
    super("invalid-layout", `${file}: ${problem}`, { cause });
    this.file = file;
  }
}
