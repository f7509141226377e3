import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { z } from "zod";

const MAX_CHARS = 64 << 10;

/**
 * A secret, by where it is: `{file: PATH}` (as Kubernetes mounts them) or `{env: NAME}`. Never in the configuration itself, which
 * people print. Read when the configuration is; a reload reads it anew.
 */
export const Secret = z
  .strictObject(
    { file: z.string().min(1).optional(), env: z.string().min(1).optional() },
    // The value itself may be the secret: it is not quoted.
    { error: (issue) => (issue.code === "invalid_type" ? "expected {file: PATH} or {env: NAME}" : undefined) },
  )
  .transform(({ file, env }, context): string => {
    const fail = (message: string): never => {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    if ((file === undefined) === (env === undefined)) return fail("expected either {file: PATH} or {env: NAME}");
    if (env !== undefined) return process.env[env] || fail(`environment variable ${env} is not set`);
    return read(file ?? "", fail);
  })
  .meta({ title: "secret" });

function read(file: string, fail: (message: string) => never): string {
  let text: string;
  try {
    text = readStart(file).trim();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return fail(`${file} cannot be read (${code ?? message})`);
  }
  if (text.length > MAX_CHARS) return fail(`${file} has more than ${MAX_CHARS} characters`);
  return text || fail(`${file} is empty`);
}

/** Never waits, as opening a named pipe would, and ends, as a device might not. */
function readStart(file: string): string {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error("it is not a regular file");
    // One character too many shows that there are more.
    const bytes = Buffer.alloc(4 * (MAX_CHARS + 1));
    return bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
}
