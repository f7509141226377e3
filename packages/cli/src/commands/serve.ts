import { setFlagsFromString } from "node:v8";
import type { Command } from "../base/command.ts";
import { configFlag } from "../serve/config-file.ts";

/**
 * Loading a service and its catalogue makes V8 let the space for young objects grow to tens of megabytes, which it keeps.
 * Requests leave next to nothing behind, so a small space serves them as fast (see bench/README.md).
 */
const SMALL_YOUNG_SPACE = "--semi-space-growth-factor=1";

export const serve: Command = {
  name: "serve",
  summary: "run the registry service",
  usage: "[--config FILE]",
  details: `The file is that of --config, else of EXECUTOR_REGISTRY_CONFIG, else executor-registry.yaml in this folder. It is read anew
when it changes and on SIGHUP; one with mistakes is refused, and the old one stays. SIGTERM: it says that it is not ready,
answers for two more seconds, and ends. A second signal ends it at once. The log is JSON lines on standard output.`,
  flags: {
    config: {
      type: "string",
      value: "FILE",
      names: "file",
      help: "the configuration (or EXECUTOR_REGISTRY_CONFIG; default: executor-registry.yaml)",
    },
  },
  words: { least: 0, most: 0 },
  // Draining and ending have limits of their own.
  endsWithin: 12_000,
  async run(given, io) {
    setFlagsFromString(SMALL_YOUNG_SPACE);
    const file = configFlag(given, io);
    // The service's dependencies cost other commands nothing.
    const { runService } = await import("../serve/run-service.ts");
    return runService(file, io);
  },
};
