import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { Name } from "../settings/kinds.ts";
import { DeliveryError } from "./delivery-error.ts";
import { forwardKind, linesOf } from "./forward-kind.ts";

/**
 * A file that grows, one entry a line. It is opened again for each delivery, so that it can be moved away, as logrotate does; what is
 * written is on the disk before it counts as delivered.
 */
export const fileForward = forwardKind({
  schema: z.strictObject({
    name: Name,
    kind: z.literal("file"),
    path: z
      .string()
      .min(1)
      .meta({ description: "Created if missing, readable by its owner alone; entries are added at its end" }),
  }),
  make: ({ path }) => ({
    kind: "file",
    most: 500,
    async deliver(entries) {
      const place = resolve(path);
      try {
        const { O_RDWR, O_CREAT, O_APPEND, O_NONBLOCK } = constants;
        await using file = await open(place, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK, 0o600);
        if (!(await file.stat()).isFile()) throw new Error("it is not a regular file");
        await dropHalfLine(file);
        await file.appendFile(linesOf(entries));
        await file.datasync();
      } catch (cause) {
        const { code, message } = cause as NodeJS.ErrnoException;
        throw new DeliveryError(`${place} cannot be written (${code ?? message})`, { cause });
      }
    },
  }),
});

const CHUNK = 64 << 10;

/** A process that died, or a disk that was full, leaves a line without an end; its entry comes again. */
async function dropHalfLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - CHUNK);
    const bytes = Buffer.alloc(end - start);
    await file.read(bytes, 0, bytes.length, start);
    const at = bytes.lastIndexOf(10);
    const whole = at < 0 ? start : start + at + 1;
    if (at >= 0 || start === 0) {
      if (whole < size) await file.truncate(whole);
      return;
    }
    end = start;
  }
}
