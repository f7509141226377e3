import { setImmediate } from "node:timers/promises";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { type RegistryDouble, registryDouble, type RegistryDoubleOptions } from "./registry-double.ts";
import type { Logger } from "@executor-registry/resolver";
import type { RegistryOptions } from "@executor-registry/resolver";
import { createResolver } from "@executor-registry/resolver";
import type { Resolver } from "@executor-registry/resolver";

/** A production resolver on a clock that stands still, and the service it asks. */
export interface Production extends AsyncDisposable {
  readonly registry: RegistryDouble;
  readonly clock: ManualClock;
  readonly resolver: Resolver;
  /** What was logged, `warn the message`. */
  readonly logged: readonly string[];
  /** Another resolver of the same service and clock; closed with the rest. */
  another(options?: RegistryOptions): Resolver;
}

/** The service knows `ml` and `nlp`. Without events unless the options say otherwise. */
export async function production(
  options: RegistryOptions = {},
  double: RegistryDoubleOptions = {},
): Promise<Production> {
  const registry = await registryDouble(double);
  registry.know({ ml: "executor-ml:1.0", nlp: "executor-nlp:2.0" });
  const clock = manualClock();
  const logged: string[] = [];
  const line = (level: string) => (_: object, message: string) => void logged.push(`${level} ${message}`);
  const logger: Logger = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  const resolvers: Resolver[] = [];
  const another = (more: RegistryOptions = {}): Resolver => {
    const resolver = createResolver({
      environment: "production",
      registry: { url: registry.url, events: false, ...options, ...more },
      clock,
      random: () => 0.5,
      logger,
    });
    resolvers.push(resolver);
    return resolver;
  };
  return {
    registry,
    clock,
    resolver: another(),
    logged,
    another,
    async [Symbol.asyncDispose]() {
      await Promise.all(resolvers.map((resolver) => resolver.close()));
      await registry[Symbol.asyncDispose]();
    },
  };
}

/** Resolves once it holds: for what goes on behind. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await setImmediate();
}
