import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getTrustedRoot } from "@sigstore/tuf";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import type { TufTask } from "./verification.ts";

/**
 * The `trusted_root.json` of a TUF repository; where that is not reached, the one that was read before, as long as its metadata holds.
 * @see https://theupdateframework.github.io/specification/latest/
 */
export async function tufRoot({ mirror, root, cache, timeout }: TufTask): Promise<string> {
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const rootPath = join(cache, "first-root.json");
  if (root !== undefined) await writeFile(rootPath, root);
  const options = {
    mirrorURL: mirror,
    cachePath: cache,
    ...(root !== undefined && { rootPath }),
    timeout,
    retry: { retries: 1 },
  };
  try {
    return textOf(await getTrustedRoot(options));
  } catch (error) {
    try {
      return textOf(await getTrustedRoot({ ...options, forceCache: true }));
    } catch {
      const { message, cause } = error as Error;
      const why = cause instanceof Error ? `${message} (${cause.message})` : message;
      throw new Error(`the trusted root cannot be fetched from ${mirror}: ${why}`, { cause: error });
    }
  }
}

const textOf = (root: TrustedRoot): string => JSON.stringify(TrustedRoot.toJSON(root));
