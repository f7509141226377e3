import { readFile, stat } from "node:fs/promises";
import { parseConfig, InvalidConfigurationError } from "./parse-config.ts";
import type { Config } from "./schema.ts";

const LARGEST = 1 << 20;

/** Reads a configuration file. @throws InvalidConfigurationError */
export async function loadConfig(file: string): Promise<Config> {
  return parseConfig(await readConfig(file), file);
}

/** The text of a configuration file. @throws InvalidConfigurationError */
export async function readConfig(file: string): Promise<string> {
  const fail = (message: string): never => {
    throw new InvalidConfigurationError(file, [{ path: "", message }]);
  };
  try {
    const { size } = await stat(file);
    if (size > LARGEST) return fail(`it has ${size} bytes, more than ${LARGEST}`);
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof InvalidConfigurationError) throw error;
    return fail(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
}
