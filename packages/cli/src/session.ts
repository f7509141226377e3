import {
  createResolver,
  type Logger,
  type Resolver,
  type ResolverOptions,
  silentLogger,
} from "@executor-registry/resolver";
import type { ConnectOptions } from "@executor-registry/resolver/kubernetes";
import type { Given } from "./parse-flags.ts";
import type { Io } from "./io.ts";
import { UsageError } from "./usage-error.ts";

/** A flag's text, or `undefined`. */
export function text({ flags }: Given, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

/** Which cluster the flags mean. */
export function connectOptions(given: Given): ConnectOptions {
  const [kubeconfig, context, namespace] = [
    text(given, "kubeconfig"),
    text(given, "context"),
    text(given, "namespace"),
  ];
  return { ...(kubeconfig && { kubeconfig }), ...(context && { context }), ...(namespace && { namespace }) };
}

/** The OCI image layout the flags or the environment name. */
export function layoutOf(given: Given, io: Io): string | undefined {
  return text(given, "layout") ?? (io.env["EXECUTOR_LAYOUT"] || undefined);
}

/** A resolver as the flags say. Commands that only look leave no ledger behind. */
export function openResolver(
  given: Given,
  io: Io,
  ledger: "read" | "write",
  kubernetes?: ResolverOptions["kubernetes"],
): Resolver {
  const layout = layoutOf(given, io);
  const contradiction = ["context", "kubeconfig", "namespace"].find((flag) => text(given, flag) !== undefined);
  if (text(given, "layout") !== undefined && contradiction) {
    throw new UsageError(`--layout reads a folder and no cluster, so --${contradiction} has no meaning with it`);
  }
  const [template, configMap] = [text(given, "template"), text(given, "config-map")];
  return createResolver({
    logger: loggerFor(given, io),
    ...(layout === undefined ? { kubernetes: kubernetes ?? connectOptions(given), ledger } : { layout }),
    ...(template && { template }),
    ...(configMap && layout === undefined && { configMap }),
  });
}

/** Says on standard error what happens, with `--verbose`; silent without. */
export function loggerFor({ flags }: Given, { stderr }: Io): Logger {
  if (!flags["verbose"]) return silentLogger;
  const line = (level: string) => (fields: object, message: string) => {
    const facts = Object.entries(fields).map(
      ([key, value]) => `${key}=${value instanceof Error ? value.message : String(value)}`,
    );
    stderr.write(`${level} ${message}${facts.length > 0 ? ` (${facts.join(" ")})` : ""}\n`);
  };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}
