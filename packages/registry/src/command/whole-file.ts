import { randomUUID } from "node:crypto";
import { type FileHandle, lstat, open, rename, rm } from "node:fs/promises";
import { ConfigurationError } from "@executor-registry/resolver";
import { UsageError } from "./config-file.ts";

/**
 * Writes a file that is there whole or not at all, for its owner alone.
 * @param force replaces a file that is there
 * @param write calls `append` with one part after the other
 * @throws UsageError for a file that is there already, and for what is no file
 * @throws ConfigurationError when it cannot be written
 */
export async function writeWhole<T>(
  path: string,
  force: boolean,
  write: (append: (part: string | Uint8Array) => Promise<void>) => Promise<T>,
): Promise<T> {
  const or = async <R>(task: Promise<R>): Promise<R> =>
    task.catch((cause: unknown) => {
      throw new ConfigurationError(`${path} cannot be written: ${(cause as Error).message}`);
    });
  await checkFree(path, force);
  const temporary = `${path}.${randomUUID()}`;
  let file: FileHandle | undefined;
  try {
    const opened = (file = await or(open(temporary, "wx", 0o600)));
    const result = await write((part) => or(opened.appendFile(part)));
    await or(opened.sync());
    await checkFree(path, force);
    await or(rename(temporary, path));
    return result;
  } catch (error) {
    if (file !== undefined) await rm(temporary, { force: true });
    throw error;
  } finally {
    await file?.close();
  }
}

async function checkFree(path: string, force: boolean): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there === undefined) return;
  if (!there.isFile()) throw new UsageError(`${path} is not a regular file`);
  if (!force) throw new UsageError(`${path} is there already; --force replaces it`);
}
