import type { Resolution } from "@executor-registry/resolver";
import type { Io } from "../io.ts";
import { styler } from "./colour.ts";

/** Says one warning on standard error. */
export function warn(io: Pick<Io, "stderr" | "env">, message: string): void {
  io.stderr.write(`${styler(io, io.stderr)("yellow", "warning:")} ${message}\n`);
}

/** Says on standard error what a person should know about an answer. */
export function warnAbout(resolution: Resolution, io: Pick<Io, "stderr" | "env">): void {
  const { type, ambiguous, reason, advice, warnings, source, stale, staleSince } = resolution;
  for (const warning of warnings) warn(io, warning);
  if (ambiguous) warn(io, `${type} is ambiguous: ${reason}${advice === undefined ? "" : `; ${advice}`}`);
  if (stale) warn(io, `${source} has had no contact since ${staleSince}; this is its last answer`);
}
