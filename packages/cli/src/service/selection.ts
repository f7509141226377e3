import { randomUUID } from "node:crypto";
import { isExecutorType, RegistryServiceError } from "@executor-registry/resolver";
import {
  SELECTION_OPERATIONS,
  type SelectionChange,
  type ServiceClient,
  type ServiceOperation,
} from "@executor-registry/resolver/internal";
import type { Flag, Flags } from "../base/flags.ts";
import { type Given, text } from "../base/parse-flags.ts";
import { withProgress } from "../base/progress.ts";
import { UsageError } from "../base/usage-error.ts";
import type { Io } from "../output/io.ts";
import { withService } from "./needs-service.ts";

/** The flags of every command that changes what is selected. */
export const CHANGE_FLAGS = {
  reason: { type: "string", value: "TEXT", help: "why, for the journal and for all who ask; required" },
  "dry-run": {
    type: "boolean",
    choices: ["server", "client", "none"],
    help: "check and decide everything, and change nothing; =client asks nothing, and -o json or yaml prints the request",
  },
} as const satisfies Flags;

export const FOR_FLAG = {
  type: "string",
  value: "DURATION",
  help: "for how long, such as 4h or 7d (default: until it is taken away)",
} as const satisfies Flag;

/** Who tries it out: nobody, the service, or the command line alone. */
export type DryRun = "none" | "server" | "client";

/** What is asked for besides its subject. */
interface Wish {
  readonly reason: string;
  readonly dryRun: DryRun;
}

/** @throws UsageError without a reason: the journal keeps why */
export function wishOf(given: Given, command: string): Wish {
  const reason = text(given, "reason")?.trim();
  if (!reason) throw new UsageError(`${command} needs --reason TEXT: the journal keeps why`, command);
  const { "dry-run": dryRun } = given.flags;
  if (dryRun === "client" || dryRun === "none") return { reason, dryRun };
  return { reason, dryRun: dryRun === true || dryRun === "server" ? "server" : "none" };
}

/** The type that a word names. @throws UsageError */
export function typeOf(word: string | undefined, command: string): string {
  if (word !== undefined && isExecutorType(word)) return word;
  throw new UsageError(`${word} is no executor type, such as ml`, command);
}

/** A change as it is sent. */
export interface ChangeRequest<Answer = SelectionChange> {
  readonly operation: ServiceOperation<`/${string}`, string, Answer>;
  readonly params: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

/**
 * Sends a change, unless something else has changed since `etag`. It names itself, so that it can be sent again when its answer is lost.
 */
export async function sendChange<Answer>(
  client: ServiceClient,
  { operation, params, query, body }: ChangeRequest<Answer>,
  {
    dryRun,
    etag,
    signal,
  }: { readonly dryRun: DryRun; readonly etag: string | undefined; readonly signal: AbortSignal },
): Promise<Answer> {
  const question = {
    query: { ...query, ...(dryRun === "server" && { dryRun: "All" }) },
    ...(body && { body }),
    ...(etag !== undefined && { ifMatch: etag }),
    idempotencyKey: randomUUID(),
    signal,
  };
  const send = (): Promise<Answer> => client.ask(operation, params, question);
  try {
    return await send();
  } catch (error) {
    if (!isLost(error) || signal.aborted) throw error;
    return send();
  }
}

const isLost = (error: unknown): boolean =>
  error instanceof RegistryServiceError && (error.code === "unreachable" || error.code === "timeout");

/** Changes what is selected of a type: reads its state, and sends the change on the condition that it still is so. */
export async function changeType(
  given: Given,
  io: Io,
  { command, type, version, dryRun }: { command: string; type: string; version?: string | undefined; dryRun: DryRun },
  request: ChangeRequest,
): Promise<SelectionChange> {
  return withService(given, io, { command, type, version }, async (client) => {
    const { signal } = io;
    const work = async (): Promise<SelectionChange> => {
      const { etag } = await client.look(SELECTION_OPERATIONS.getPin, { type }, { signal });
      return sendChange(client, request, { dryRun, etag, signal });
    };
    return withProgress(io, `asking for ${type}`, work());
  });
}
