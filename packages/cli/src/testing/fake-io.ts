import type { Outcome } from "../../../../testing/cli.ts";
import type { Clock } from "@executor-registry/resolver";
import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";
import type { DoctorContext } from "../doctor/check.ts";
import type { Io } from "../output/io.ts";
import { createPrinter } from "../output/printer.ts";
import { runCli } from "../run-cli.ts";

export interface FakeIo extends Io {
  /** What was written so far. */
  written(): { readonly stdout: string; readonly stderr: string };
}

/** Stands still at the beginning of 23 November 2026. */
const standing: Clock = { now: () => Date.UTC(2026, 10, 23), sleep: () => new Promise(() => {}) };

/** The world of a command in a test: streams that are kept, and nothing else. */
export function fakeIo(
  given: Partial<Pick<Io, "env" | "signal" | "program" | "clock" | "onHangup">> & {
    terminal?: true;
    /** Sees what is written to standard output. */
    wrote?: (text: string) => void;
  } = {},
): FakeIo {
  const { terminal = false, wrote, ...others } = given;
  const { env = {} } = given;
  let stdout = "";
  let stderr = "";
  return {
    stdout: createPrinter(
      {
        write(text) {
          stdout += text;
          wrote?.(text);
        },
        isTTY: terminal,
      },
      env,
    ),
    stderr: createPrinter({ write: (text) => void (stderr += text), isTTY: terminal }, env),
    env,
    signal: new AbortController().signal,
    onHangup: () => () => {},
    onUnhandled: () => () => {},
    program: "executor-registry",
    clock: standing,
    ...others,
    written: () => ({ stdout, stderr }),
  };
}

/** Runs a command line to its end. */
export async function runHere(argv: readonly string[], io: FakeIo = fakeIo()): Promise<Outcome> {
  const code = await runCli(argv, io);
  return { code, ...io.written() };
}

/** What the doctor's checks are given in a test: this cluster, and a namespace of it. */
export function doctorContext(api: KubernetesApi): DoctorContext {
  const { signal, clock } = fakeIo();
  return { api, namespace: "team", configMap: "executors", signal, clock };
}
