import { SELECTION_OPERATIONS } from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { text } from "../base/parse-flags.ts";
import { UsageError } from "../base/usage-error.ts";
import { CHANGE_FLAGS, FOR_FLAG, typeOf, wishOf } from "../service/selection.ts";
import { runChange, withoutUndefined } from "./change.ts";

export const pin: Command = {
  name: "pin",
  summary: "hold an executor type at one version, until it is unpinned",
  usage: "TYPE --to VERSION|TAG|DIGEST --reason TEXT [--for DURATION] [--dry-run] [-o FORMAT]",
  details: `The image is kept by its digest, also where its tag moves on. An image that fails its checks, is denied or gone is refused. Where it is pinned to
that already, nothing changes, and the exit code is 0.`,
  flags: {
    to: { type: "string", value: "VERSION", help: "a version, a tag or a digest; required" },
    ...CHANGE_FLAGS,
    for: FOR_FLAG,
  },
  words: { least: 1, most: 1 },
  typesOf: "service",
  async run(given, io) {
    const type = typeOf(given.words[0], "pin");
    const to = text(given, "to");
    if (to === undefined) throw new UsageError("pin needs --to VERSION, a version, a tag or a digest", "pin");
    const { reason, dryRun } = wishOf(given, "pin");
    const body = withoutUndefined({ to, reason, for: text(given, "for") });
    const request = { operation: SELECTION_OPERATIONS.pin, params: { type }, body };
    return runChange(given, io, { command: "pin", type, version: to, dryRun, done: `pinned to ${to}`, request });
  },
};

export const unpin: Command = {
  name: "unpin",
  summary: "let the version policy choose again",
  usage: "TYPE --reason TEXT [--dry-run] [-o FORMAT]",
  details: "Takes back a rollback too. Of a type that is not pinned nothing changes, and the exit code is 0.",
  flags: CHANGE_FLAGS,
  words: { least: 1, most: 1 },
  typesOf: "service",
  async run(given, io) {
    const type = typeOf(given.words[0], "unpin");
    const { reason, dryRun } = wishOf(given, "unpin");
    const request = { operation: SELECTION_OPERATIONS.unpin, params: { type }, query: { reason } };
    return runChange(given, io, { command: "unpin", type, dryRun, done: "unpinned", request });
  },
};
