import { Worker } from "node:worker_threads";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import { untilAborted } from "@executor-registry/resolver/internal";
import type { TufTask, VerifyAnswer, VerifyTask } from "./verification.ts";
import type { Numbered, Said } from "./worker.ts";

/** A good signature takes some 20 ms. */
const VERIFY_MS = 2000;
/** Loading the libraries takes half a second, on a busy machine longer. */
const START_MS = 30_000;
const TUF_MS = 25_000;
/** A thread costs some 40 MB: it ends when nothing was verified for a while. */
const IDLE_MS = 60_000;
const MEMORY_MB = 256;

/** What takes too long, or breaks the thread, is not verified: neither a success nor a refusal. */
const failure = (message: string): ExecutorRegistryError =>
  new ExecutorRegistryError("timeout", message, { retryable: true });

interface Thread {
  readonly worker: Worker;
  readonly ready: Promise<void>;
  readonly answers: Map<number, { resolve(value: unknown): void; reject(error: Error): void }>;
}

/** Verifies in a thread of its own, one signature after the other. It is started on use, and again when it breaks. */
export interface VerifyThread {
  /** @throws ExecutorRegistryError code `timeout` where it takes longer than 2 s */
  verify(task: VerifyTask, signal: AbortSignal): Promise<VerifyAnswer>;
  /** A TUF repository's `trusted_root.json`. */
  trustedRoot(task: Omit<TufTask, "timeout">, signal: AbortSignal): Promise<string>;
}

/** @param options.deadlineMs for one signature @param options.file of the thread's program */
export function createVerifyThread({
  deadlineMs = VERIFY_MS,
  file = programFile(),
}: { readonly deadlineMs?: number; readonly file?: URL } = {}): VerifyThread {
  let thread: Thread | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let id = 0;
  let idle: NodeJS.Timeout | undefined;

  const end = (one: Thread, why: string): void => {
    if (thread === one) thread = undefined;
    for (const { reject } of one.answers.values()) reject(failure(why));
    one.answers.clear();
    void one.worker.terminate();
  };
  const start = (): Thread => {
    const worker = new Worker(file, {
      // The TUF library asks by Node's fetch, which heeds the environment's proxies only then.
      execArgv: ["--use-env-proxy", ...process.execArgv.filter((one) => one.startsWith("--conditions="))],
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    const answers: Thread["answers"] = new Map();
    const ready = new Promise<void>((resolve, reject) => {
      worker.on("message", (said: Said) => {
        if (said.kind === "ready") return resolve();
        const answer = answers.get(said.id);
        answers.delete(said.id);
        if (said.kind === "done") answer?.resolve(said.value);
        else answer?.reject(failure(said.message));
      });
      worker.on("error", (error) => {
        reject(error);
        end(made, `the thread that verifies signatures ended: ${error.message}`);
      });
    });
    ready.catch(() => {});
    const made: Thread = { worker, ready, answers };
    return made;
  };
  const ask = async (task: VerifyTask | TufTask, ms: number, late: (used: Thread) => void): Promise<unknown> => {
    clearTimeout(idle);
    const used = (thread ??= start());
    // It keeps the process alive only while it works.
    used.worker.ref();
    try {
      await within(used.ready, START_MS, () => end(used, "the thread that verifies signatures did not start"));
      const message: Numbered<typeof task> = { id: (id += 1), task };
      const answer = new Promise<unknown>((resolve, reject) => used.answers.set(message.id, { resolve, reject }));
      used.worker.postMessage(message, []);
      return await within(answer, ms, () => late(used));
    } finally {
      if (thread === used && used.answers.size === 0) {
        used.worker.unref();
        clearTimeout(idle);
        idle = setTimeout(() => end(used, "idle"), IDLE_MS).unref();
      }
    }
  };

  return {
    async verify(task, signal) {
      const turn = last.then(async () => {
        signal.throwIfAborted();
        return (await ask(task, deadlineMs, (used) => end(used, "it took too long"))) as VerifyAnswer;
      });
      last = turn.catch(() => {});
      return untilAborted(turn, signal);
    },
    async trustedRoot(task, signal) {
      const asked = ask({ ...task, kind: "tuf", timeout: TUF_MS / 5 }, TUF_MS, () => {});
      return (await untilAborted(asked, signal)) as string;
    },
  };
}

async function within<T>(promise: Promise<T>, ms: number, late: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(failure(`it took longer than ${ms / 1000} s`));
      late();
    }, ms);
  });
  try {
    return await Promise.race([promise, time]);
  } finally {
    clearTimeout(timer);
  }
}

/** The thread's program: its source, or the file that the bundler put beside the server's. */
function programFile(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./signature-worker.cjs", import.meta.url);
}
