import { isDeepStrictEqual } from "node:util";
import { readConfig, refuseLoss, refuseUnchecked } from "../config/load-config.ts";
import { InvalidConfigurationError, readWholeConfig } from "../config/parse-config.ts";
import type { Variables } from "../config/read-secrets.ts";
import type { Config } from "../config/schema.ts";
import { problemFields } from "../logs/problem-fields.ts";
import type { Service } from "../supervisor/service.ts";
import type { Clock } from "@executor-registry/resolver";
import type { Logger } from "pino";
import { settledText } from "./config-text.ts";

/** Milliseconds until a configuration that could not be taken over is tried again. */
const RETRY_MS = 5000;
/** Refusals that are remembered, so that each is said once. */
const MAX_REFUSALS = 100;

/** Takes over the configuration file's new content. */
export interface Reloader {
  /** The file, or a secret that it names, may have changed. Calls that come while one waits join it; rejects never. */
  changed(why: string): Promise<void>;
  /** Takes the file as it is, though nothing may have changed, and says again what is wrong with it. Rejects never. */
  reload(why: string): Promise<void>;
}

/** What a reloader works with. */
export interface ReloaderOptions {
  readonly file: string;
  /** What the file said at the start. */
  readonly text: string;
  /** The configuration that is in force. */
  readonly config: Config;
  readonly service: Pick<Service, "reconfigure" | "refuse">;
  readonly log: Logger;
  readonly clock: Clock;
  /** The environment, where secrets may be. */
  readonly variables: Variables;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** A configuration counts as in force once the service has taken it over, and until then is tried again. */
export function createReloader({
  file,
  text,
  config,
  service,
  log,
  clock,
  variables,
  signal,
}: ReloaderOptions): Reloader {
  const inForce = { text, config };
  const said = new Set<string>();
  let last: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  let hurry = new AbortController();
  let retrying = false;

  const sayOnce = (problem: string, fields: object, message: string): void => {
    // Each event about the folder comes here, and a writer may go back and forth.
    if (said.has(problem)) return;
    if (said.size >= MAX_REFUSALS) said.clear();
    said.add(problem);
    log.error({ file, ...fields }, message);
  };
  const takeOver = async (text: string, why: string, always: boolean): Promise<void> => {
    const next = await readWholeConfig(text, file, variables);
    refuseLoss(next, { text, file, before: inForce.config });
    refuseUnchecked(next, file);
    if (!always && isDeepStrictEqual(next, inForce.config)) {
      if (said.size > 0) log.info({ file, why }, "the file says what is in force");
      said.clear();
      inForce.text = text;
      return;
    }
    const fixed = (await service.reconfigure(next)).filter((name) => name !== "log");
    log.level = next.log.level;
    Object.assign(inForce, { text, config: next });
    said.clear();
    log.info({ file, why }, "the new configuration is in force");
    if (fixed.length > 0) log.warn({ file, settings: fixed }, "these settings count from the next start on");
  };
  const retry = async (): Promise<void> => {
    if (retrying) return;
    retrying = true;
    await clock.sleep(RETRY_MS, signal);
    retrying = false;
    await changed("trying again");
  };
  const attempt = async (read: () => Promise<string>, why: string, always: boolean): Promise<void> => {
    try {
      await takeOver(await read(), why, always);
      service.refuse(false);
    } catch (error) {
      if (signal.aborted) return;
      service.refuse(true);
      if (error instanceof InvalidConfigurationError) {
        const { mistakes } = error;
        sayOnce(error.message, { mistakes }, "the new configuration is refused; the old one stays in force");
        return;
      }
      const problem = error instanceof Error ? error.message : String(error);
      const message = "the new configuration could not be taken over; the old one stays in force";
      sayOnce(problem, { ...problemFields(error), ms: RETRY_MS }, message);
      retry().catch(() => {});
    }
  };
  const look = async (why: string): Promise<void> => {
    waiting = undefined;
    hurry = new AbortController();
    const { signal: hurried } = hurry;
    const read = (): Promise<string> =>
      settledText(file, inForce.text, clock, AbortSignal.any([signal, hurried])).catch((error: unknown) => {
        if (hurried.aborted) return readConfig(file);
        throw error;
      });
    await attempt(read, why, false);
  };
  const changed = (why: string): Promise<void> => {
    waiting ??= last = last.then(() => look(why));
    return waiting;
  };

  return {
    changed,
    reload(why) {
      hurry.abort();
      last = last.then(() => {
        said.clear();
        return attempt(() => readConfig(file), why, true);
      });
      return last;
    },
  };
}
