import { loadConfig } from "../config/load-config.ts";
import { problemFields } from "../logs/problem-fields.ts";
import { type Service, startService } from "../supervisor/service.ts";
import { type Clock, ConfigurationError } from "@executor-registry/resolver";
import { type Logger, pino } from "pino";
import { escaped, INTERRUPTED, interruptedExit } from "@executor-registry/resolver/internal";
import type { ProcessIo } from "./process-io.ts";
import { followFile } from "./file-changes.ts";
import { createReloader, type Reloader } from "./reloader.ts";

/** Milliseconds in which the service still answers though it says that it is not ready: load balancers learn it late. */
const DRAIN_MS = 2000;
/** Milliseconds for everything to end after that. What sent the signal kills the process after ten seconds or more. */
const END_MS = 7000;

/** Milliseconds until the configuration is read again though no change was noticed. */
const LOOK_AGAIN_MS = 30_000;

/** Serves as a file says, until the signal aborts. @throws InvalidConfigurationError, StoreError, ConfigurationError */
export async function runService(file: string, io: ProcessIo): Promise<number> {
  let reloader: Reloader | undefined;
  // From the beginning: until somebody listens, the signal ends the process.
  const stopListening = io.onHangup(() => void reloader?.reload("SIGHUP"));
  let stopReporting = (): void => {};
  try {
    const { text, config } = await loadConfig(file, io.env);
    const log = jsonLines(io, config.log.level);
    // Every task reports its own failures. One that reaches this is a bug, and answers go on.
    stopReporting = io.onUnhandled((error, kind) => {
      if (kind === "rejection") log.error(problemFields(error), "unhandled failure; the service goes on");
      else log.fatal(problemFields(error), "uncaught error; the service ends at once");
    });
    const starting = startService({ config, log, clock: io.clock, variables: io.env, signal: io.signal }).catch(
      (error: unknown) => {
        throw listenProblem(error, config.listen) ?? error;
      },
    );
    const service = await Promise.race([starting, aborted(io.signal)]);
    if (service === undefined) {
      log.info({ why: reasonOf(io.signal) }, "ending before the service has started");
      await inTime(() => starting.then((late) => late.close()).catch(() => {}), log, io.clock);
      return exitOf(io.signal);
    }
    const { clock, signal, env: variables } = io;
    const { changed } = (reloader = createReloader({ file, text, config, service, log, clock, variables, signal }));
    const lost = (error: unknown): void =>
      log.warn({ file, ...problemFields(error) }, "changes of the file are not noticed; send SIGHUP after changing it");
    const listener = { changed: () => void changed("the file changed"), lost };
    followFile(file, listener, clock, signal);
    lookAgain(() => void changed("the file, or a secret that it names, changed"), io).catch(() => {});
    // It may have changed since it was read.
    listener.changed();
    await aborted(signal);
    await end(service, log, io);
  } finally {
    stopListening();
    stopReporting();
  }
  return exitOf(io.signal);
}

/** An end that was asked for is a success. */
function exitOf(signal: AbortSignal): number {
  const exit = interruptedExit(signal);
  return exit === INTERRUPTED.SIGPIPE ? exit : 0;
}

/** Secrets are replaced in folders of their own, and not every file system reports changes. */
async function lookAgain(look: () => void, { clock, signal }: Pick<ProcessIo, "clock" | "signal">): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(LOOK_AGAIN_MS, signal);
    look();
  }
}

function jsonLines({ stdout }: ProcessIo, level: string): Logger {
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
  service: Service,
  log: Logger,
  { signal, clock }: Pick<ProcessIo, "signal" | "clock">,
): Promise<void> {
  log.info({ why: reasonOf(signal) }, "ending");
  service.drain();
  // A person at a terminal waits, and no load balancer.
  if (interruptedExit(signal) === INTERRUPTED.SIGTERM) await clock.sleep(DRAIN_MS);
  await inTime(() => service.close(), log, clock);
}

async function inTime(close: () => Promise<void>, log: Logger, clock: Clock): Promise<void> {
  const done = new AbortController();
  const late = clock.sleep(END_MS, done.signal).then(() => "late");
  late.catch(() => {});
  const outcome = await Promise.race([close().catch((error: unknown) => error), late]);
  done.abort();
  if (outcome === "late")
    log.error({ code: "timeout" }, `something did not end within ${END_MS / 1000} s; what was acknowledged is stored`);
  else if (outcome instanceof Error)
    log.error(problemFields(outcome), "the end was not clean; what was acknowledged is stored");
  else log.info("ended");
}

const reasonOf = ({ reason }: AbortSignal): string => (reason instanceof Error ? reason.message : "asked to");

function listenProblem(
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): ConfigurationError | undefined {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== "listen" && syscall !== "getaddrinfo") return undefined;
  const why = code === "EADDRINUSE" ? "something else listens there already" : (error as Error).message;
  return new ConfigurationError(`listen: cannot listen on ${host}, port ${port}: ${why}`);
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
