import { isDeepStrictEqual } from "node:util";
import { type Config, InvalidConfigurationError, loadConfig, type Service } from "@executor-registry/registry";
import type { Logger } from "pino";

/** Takes over the configuration file's new content. */
export interface Reloader {
  /** One after the other; rejects never. Without `force` nothing happens when it says what it said before. */
  reload(why: string, force: boolean): Promise<void>;
  /** Resolves once nothing is being taken over. */
  settled(): Promise<void>;
}

/** @param config the configuration that is in force */
export function createReloader(file: string, config: Config, service: Service, log: Logger): Reloader {
  let current = config;
  let refused: string | undefined;
  let last: Promise<void> = Promise.resolve();

  const load = async (): Promise<Config | undefined> => {
    try {
      return await loadConfig(file);
    } catch (error) {
      if (!(error instanceof InvalidConfigurationError)) throw error;
      // Each event about the folder comes here; what is wrong is said once.
      if (error.message === refused) return undefined;
      refused = error.message;
      log.error({ file, mistakes: error.mistakes }, "the new configuration is refused; the old one stays in force");
      return undefined;
    }
  };
  const once = async (why: string, force: boolean): Promise<void> => {
    if (force) refused = undefined;
    const next = await load();
    if (next === undefined) return;
    refused = undefined;
    if (!force && isDeepStrictEqual(next, current)) return;
    const waiting = (await service.reconfigure(next)).filter((name) => name !== "log");
    log.level = next.log.level;
    current = next;
    log.info({ file, why }, "the new configuration is in force");
    if (waiting.length > 0) log.warn({ file, settings: waiting }, "these settings count from the next start on");
  };
  return {
    reload(why, force) {
      last = last.then(() =>
        once(why, force).catch((error: unknown) => {
          log.error({ file, err: error }, "the new configuration could not be taken over; the old one stays in force");
        }),
      );
      return last;
    },
    settled: () => last,
  };
}
