import type { SelectionChange } from "@executor-registry/resolver/internal";
import { type Given, text } from "../base/parse-flags.ts";
import type { Io } from "../output/io.ts";
import type { Format } from "../output/resolutions.ts";
import { printChange, printRequest, type Suffix } from "../output/selection.ts";
import { type ChangeRequest, changeType, type DryRun } from "../service/selection.ts";

/** A change that is not sent. */
interface Unsent {
  readonly type: string;
  /** What would be printed of it. */
  readonly done: string;
  readonly request: ChangeRequest;
}

/** A change of what is selected of a type, as a command makes it. */
interface Change extends Unsent {
  readonly command: string;
  readonly dryRun: DryRun;
  /** The version that is meant, where that is known before the service is asked. */
  readonly version?: string;
}

const SUFFIXES: Readonly<Record<DryRun, Suffix>> = { none: "", server: " (server dry run)", client: " (dry run)" };

/** Sends a change, or only prints it, and says what became of it. @returns the exit code */
export async function runChange(given: Given, io: Io, change: Change): Promise<number> {
  const { dryRun, request } = change;
  if (dryRun === "client") return printUnsent(given, io, change);
  return printOutcome(given, io, await changeType(given, io, change, request), dryRun);
}

/** @returns the exit code: that nothing had to be changed is no failure */
export function printOutcome(given: Given, io: Io, change: SelectionChange, dryRun: DryRun): number {
  io.stdout.print(printChange(change, formatOf(given), SUFFIXES[dryRun]));
  return 0;
}

/** Prints what would be sent. @returns the exit code */
export function printUnsent(given: Given, io: Io, { type, done, request }: Unsent): number {
  const { operation, params, query, body } = request;
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? "");
  const sent = withoutUndefined({ method: operation.method, path, query, body });
  io.stdout.print(printRequest({ type, done, request: sent }, formatOf(given)));
  return 0;
}

const formatOf = (given: Given): Format => (text(given, "output") ?? "table") as Format;

/** What JSON has of it. */
export const withoutUndefined = (value: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
