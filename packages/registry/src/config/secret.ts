import { readFileSync } from "node:fs";
import { z } from "zod";

const LARGEST = 64 << 10;

/**
 * A secret, by where it is: `{file: PATH}` (as Kubernetes mounts them) or `{env: NAME}`. Never in the configuration itself, which
 * people print. Read when the configuration is; a reload reads it anew.
 */
export const Secret = z
  .union([z.strictObject({ file: z.string().min(1) }), z.strictObject({ env: z.string().min(1) })], {
    error: "expected {file: PATH} or {env: NAME}",
  })
  .transform((place, context): string => {
    const fail = (message: string): never => {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    if ("env" in place) {
      return process.env[place.env] || fail(`environment variable ${place.env} is not set`);
    }
    try {
      const text = readFileSync(place.file, "utf8").trim();
      if (text.length > LARGEST) return fail(`${place.file} has more than ${LARGEST} characters`);
      return text || fail(`${place.file} is empty`);
    } catch (error) {
      return fail(`${place.file} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown reason"})`);
    }
  });
