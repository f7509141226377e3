// What a host of the service needs: the command line, and tests.
export { loadConfig, readConfig, refuseLoss } from "./config/load-config.ts";
export { checkConfig } from "./supervisor/check-config.ts";
export { effectiveConfig } from "./config/effective-config.ts";
export { type ConfigMistake, InvalidConfigurationError, parseConfig } from "./config/parse-config.ts";
export type { Config } from "./config/schema.ts";
export { problemFields } from "./logs/problem-fields.ts";
export { verifyStore } from "./stores/open.ts";
export { type Service, type ServiceOptions, startService } from "./supervisor/service.ts";
