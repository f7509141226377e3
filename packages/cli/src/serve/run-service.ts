import { loadConfig, type Service, startService } from "@executor-registry/registry";
import { ConfigurationError } from "@executor-registry/resolver";
import { type Logger, pino } from "pino";
import { INTERRUPTED, interruptedExit } from "../interruption.ts";
import type { Io } from "../io.ts";
import { escaped } from "../output/printable.ts";
import { followFile } from "./file-changes.ts";
import { createReloader, type Reloader } from "./reloader.ts";

/** Milliseconds in which the service still answers though it says that it is not ready: load balancers learn it late. */
const DRAIN = 2000;
/** Milliseconds for everything to end after that. Whoever sent the signal kills after ten seconds or more. */
const END = 7000;

/** Milliseconds until the configuration is read again though nothing told of a change. */
const LOOK_AGAIN = 30_000;

/** Serves as a file says, until the signal aborts. @throws InvalidConfigurationError, StoreError, ConfigurationError */
export async function runService(file: string, io: Io): Promise<number> {
  let reloader: Reloader | undefined;
  // From the beginning: until somebody listens, the signal ends the process.
  const stopListening = io.onHangup(() => void reloader?.reload("SIGHUP", true));
  try {
    const config = await loadConfig(file);
    const log = jsonLines(io, config.log.level);
    const service = await startService({ config, log, clock: io.clock }).catch((error: unknown) => {
      throw listenProblem(error, config.listen) ?? error;
    });
    const { reload, settled } = (reloader = createReloader(file, config, service, log));
    const changed = (why = "the file changed"): void => void reload(why, false);
    const lost = (err: unknown): void =>
      log.warn({ file, err }, "changes of the file are not noticed; send SIGHUP after changing it");
    followFile(file, { changed, lost }, io.clock, io.signal);
    lookAgain(() => changed("the file, or a secret that it names, changed"), io).catch(() => {});
    // It may have changed since it was read.
    changed();
    await aborted(io.signal);
    await end(() => settled().then(() => service.close()), service, log, io);
  } finally {
    stopListening();
  }
  const exit = interruptedExit(io.signal);
  return exit === INTERRUPTED.SIGPIPE ? exit : 0;
}

/** Secrets are replaced in folders of their own, and not every file system tells of changes. */
async function lookAgain(look: () => void, { clock, signal }: Pick<Io, "clock" | "signal">): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(LOOK_AGAIN, signal);
    look();
  }
}

function jsonLines({ stdout }: Io, level: string): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, { write: (line) => stdout.print(escaped(line.trimEnd())) });
}

/** Ends the service, however long something in it hangs. */
async function end(
  close: () => Promise<void>,
  service: Service,
  log: Logger,
  { signal, clock }: Pick<Io, "signal" | "clock">,
): Promise<void> {
  log.info({ why: signal.reason instanceof Error ? signal.reason.message : "told to" }, "ending");
  service.drain();
  // Somebody at a terminal waits, and no load balancer.
  if (interruptedExit(signal) === INTERRUPTED.SIGTERM) await clock.sleep(DRAIN);
  const done = new AbortController();
  const late = clock.sleep(END, done.signal).then(() => "late");
  late.catch(() => {});
  const outcome = await Promise.race([close().catch((error: unknown) => error), late]);
  done.abort();
  if (outcome === "late") log.error(`something did not end within ${END / 1000} s; what was acknowledged is stored`);
  else if (outcome instanceof Error)
    log.error({ err: outcome }, "the end was not clean; what was acknowledged is stored");
  else log.info("ended");
}

function listenProblem(
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): ConfigurationError | undefined {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== "listen" && syscall !== "getaddrinfo") return undefined;
  const why = code === "EADDRINUSE" ? "something else listens there already" : (error as Error).message;
  return new ConfigurationError(`listen: cannot listen on ${host}, port ${port}: ${why}`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
