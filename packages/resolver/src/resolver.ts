import { systemClock } from "./tools/clock.ts";
import { openSources } from "./development/open-sources.ts";
import { silentLogger } from "./tools/logger.ts";
import { checkOptions, chooseEnvironment, type ResolverOptions } from "./options.ts";
import { DEFAULT_TEMPLATE, parseTemplate } from "./reference/template.ts";
import { RegistryResolver } from "./client/registry-resolver.ts";
import { registrySettings } from "./client/settings.ts";
import type { Resolver } from "./contract/resolver.ts";
import { SourcesResolver } from "./development/sources-resolver.ts";

/**
 * Makes a resolver. It begins to connect at once and keeps itself current from then on.
 * @throws ConfigurationError for options that contradict each other, or in production when no service's URL is known
 * @throws InvalidTemplateError
 */
export function createResolver(options: ResolverOptions = {}): Resolver {
  const environment = chooseEnvironment(options, process.env);
  checkOptions(options, environment);
  const { logger: log = silentLogger, clock = systemClock, random = Math.random } = options;
  if (environment === "production") {
    return new RegistryResolver(registrySettings(options.registry ?? {}, process.env), { clock, random, log });
  }
  const template = parseTemplate(options.template ?? DEFAULT_TEMPLATE);
  return new SourcesResolver(environment, openSources(options, template), log, clock);
}
