import { once } from "node:events";
import { createServer } from "node:net";
import { type Clock, ExecutorRegistryError } from "@executor-registry/resolver";
import { pino } from "pino";
import { Catalogue } from "../catalogue/catalogue.ts";
import { type ImagePolicies, makePolicies } from "../checks/checks.ts";
import { Choices } from "../choice/choices.ts";
import { refuseLoss, refuseUnchecked } from "../config/load-config.ts";
import { type ConfigMistake, InvalidConfigurationError, readWholeConfig } from "../config/parse-config.ts";
import type { Variables } from "../config/read-secrets.ts";
import type { Config } from "../config/schema.ts";
import { type ConfigWarning, configWarnings } from "../config/warnings.ts";
import { Leadership } from "./leadership.ts";
import { makeParts } from "./parts.ts";
import { UNMEASURED } from "../model/measures.ts";
import { UNTRACED } from "../tracing/tracer.ts";
import { rulesUnder } from "./rules-under.ts";
import { memoryStore } from "../stores/memory.ts";
import { storeProblem } from "../stores/open.ts";

/** What a configuration without mistakes means. */
export interface CheckedConfig {
  readonly policies: ImagePolicies;
  readonly warnings: readonly ConfigWarning[];
}

/**
 * Finds what would keep the service from starting with a configuration on this machine. Nothing is kept, and no other machine is asked.
 * @param file for messages
 * @returns what images must pass, and what is worth a warning
 * @throws InvalidConfigurationError
 */
export async function checkConfig(
  text: string,
  file: string,
  clock: Clock,
  variables: Variables,
): Promise<CheckedConfig> {
  const config = await readWholeConfig(text, file, variables);
  refuseLoss(config, { text, file });
  refuseUnchecked(config, file);
  const found = await Promise.all([
    storeMistake(config),
    listenMistake(config),
    partsMistake(config, clock, variables),
  ]);
  const mistakes = found.filter((mistake) => mistake !== undefined);
  if (mistakes.length > 0) throw new InvalidConfigurationError(file, mistakes);
  return { policies: makePolicies(config.checks ?? "none"), warnings: configWarnings(config) };
}

async function storeMistake({ store }: Config): Promise<ConfigMistake | undefined> {
  const message = await storeProblem(store);
  return message === undefined ? undefined : { path: "store", message };
}

/** That something listens there already is no mistake: it may be the service itself. */
async function listenMistake({ listen: { host, port } }: Config): Promise<ConfigMistake | undefined> {
  const server = createServer();
  try {
    await once(server.listen(port, host), "listening");
    server.close();
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") return undefined;
    return { path: "listen", message: `cannot listen on ${host}, port ${port}: ${message}` };
  }
}

/** The parts are made as at a start, and never run. */
async function partsMistake(config: Config, clock: Clock, variables: Variables): Promise<ConfigMistake | undefined> {
  const log = pino({ level: "silent" });
  const catalogue = await Catalogue.open({ store: memoryStore(), rank: () => 0, clock, log });
  try {
    await (
      await makeParts(config, {
        catalogue,
        leadership: new Leadership({ sharing: undefined, clock, log, note: () => "" }),
        choices: new Choices(catalogue, () => 0, rulesUnder(config, log), clock),
        measures: UNMEASURED,
        tracer: UNTRACED,
        clock,
        random: Math.random,
        log,
        variables,
      })
    ).close();
    return undefined;
  } catch (error) {
    if (error instanceof ExecutorRegistryError) return { path: "", message: error.message };
    const message = error instanceof Error ? error.message : String(error);
    return { path: "", message: `the service could not start with it: ${message}` };
  }
}
