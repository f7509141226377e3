import { constants } from "node:fs";
import { open } from "node:fs/promises";

/**
 * All of a file that somebody configured, unless it has more than `most` bytes. Never waits and always ends: opening a named pipe
 * would last until somebody writes into it, and a device may have no end.
 * @throws Error whose `code` is the system's, or whose message says what is wrong with the file
 */
export async function readRegularFile(path: string, most: number): Promise<Buffer> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stat = await file.stat();
  if (!stat.isFile()) throw new Error("it is not a regular file");
  if (stat.size > most) throw new RangeError(`it has ${stat.size} bytes, more than ${most}`);
  // As much as it had then: it may grow, and a kernel's files say that they have none.
  const bytes = Buffer.alloc(stat.size === 0 ? Math.min(most, 65_536) : stat.size);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}
