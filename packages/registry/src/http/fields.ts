import { z } from "zod";
import { Executor } from "./schemas.ts";

/** Members of an executor's document, separated by commas. */
export const Fields = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim()))
  .pipe(z.array(Executor.keyof()).min(1))
  .meta({
    description: "Only these members of each executor, separated by commas: image,version",
    pattern: `^(?:${Executor.keyof().options.join("|")})(?:,(?:${Executor.keyof().options.join("|")}))*$`,
  });
