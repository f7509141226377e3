import { readRegularFile } from "@executor-registry/resolver/internal";
import { parseDocument } from "yaml";
import { InvalidConfigurationError, readWholeConfig } from "./parse-config.ts";
import type { Variables } from "./read-secrets.ts";
import type { Config } from "./schema.ts";

const MAX_CONFIG_BYTES = 1 << 20;

/** Reads a configuration file to serve by. @throws InvalidConfigurationError */
export async function loadConfig(
  file: string,
  variables: Variables = process.env,
): Promise<{ readonly text: string; readonly config: Config }> {
  const text = await readConfig(file);
  const config = await readWholeConfig(text, file, variables);
  refuseLoss(config, { text, file });
  refuseUnchecked(config, file);
  return { text, config };
}

/**
 * Refuses sources of other people's images without a word about what these must pass. The layouts of the examples are one's own files.
 * @throws InvalidConfigurationError
 */
export function refuseUnchecked({ sources, checks }: Config, file: string): void {
  const source = checks === undefined ? sources.find(({ kind }) => kind !== "oci-layout") : undefined;
  if (source === undefined) return;
  const message = `nothing says what images of the source "${source.name}" must pass: name approved repositories in checks.approvedNamespaces, or write \`checks: none\` to serve every image that is found`;
  throw new InvalidConfigurationError(file, [{ path: "checks", message }]);
}

/** The text of a configuration file. @throws InvalidConfigurationError */
export async function readConfig(file: string): Promise<string> {
  try {
    return (await readRegularFile(file, MAX_CONFIG_BYTES)).toString("utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw mistake(file, code === undefined ? message : `it cannot be read (${code})`);
  }
}

/**
 * Refuses a file that says nothing, and one without sources in place of one with them: it was emptied, or is not written to its
 * end, and serving by it would withdraw every image.
 * @param before the configuration that is in force
 * @throws InvalidConfigurationError
 */
export function refuseLoss(
  config: Config,
  { text, file, before }: { readonly text: string; readonly file: string; readonly before?: Config },
): void {
  const document = parseDocument(text, { merge: true });
  if (document.contents === null || document.toJS() === null) {
    throw mistake(file, "it is empty; write at least `sources: []` to serve with all defaults");
  }
  if (config.sources.length > 0 || (before?.sources.length ?? 0) === 0 || document.has("sources")) return;
  throw mistake(
    file,
    "it names no sources, and the configuration in force does; write `sources: []` if none are meant",
  );
}

const mistake = (file: string, message: string): InvalidConfigurationError =>
  new InvalidConfigurationError(file, [{ path: "", message }]);
