import { SELECTION_OPERATIONS } from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { text } from "../base/parse-flags.ts";
import { UsageError } from "../base/usage-error.ts";
import { CHANGE_FLAGS, FOR_FLAG, typeOf, wishOf } from "../service/selection.ts";
import { runChange, withoutUndefined } from "./change.ts";

export const rollback: Command = {
  name: "rollback",
  summary: "go back to the version before, and hold it until it is unpinned",
  usage: "TYPE --reason TEXT [--to REV] [--deny] [--for DURATION] [--dry-run] [-o FORMAT]",
  details: `To the last version that was answered before this one and is still admitted. Again, it goes further back, never to what was left. \`history TYPE\`
lists the revisions.`,
  flags: {
    to: { type: "string", value: "REV", help: "a revision of the history (default: the one before)" },
    deny: { type: "boolean", help: "deny what is left, too" },
    ...CHANGE_FLAGS,
    for: FOR_FLAG,
  },
  words: { least: 1, most: 1 },
  typesOf: "service",
  async run(given, io) {
    const type = typeOf(given.words[0], "rollback");
    const { reason, dryRun } = wishOf(given, "rollback");
    const to = revision(text(given, "to"));
    const deny = given.flags["deny"] === true ? true : undefined;
    const body = withoutUndefined({ reason, to, deny, for: text(given, "for") });
    const request = { operation: SELECTION_OPERATIONS.rollback, params: { type }, body };
    const done = `rolled back${to === undefined ? "" : ` to revision ${to}`}, held`;
    return runChange(given, io, { command: "rollback", type, dryRun, done, request });
  },
};

function revision(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new UsageError(
    `--to ${value} is no revision, such as 3; \`history TYPE\` lists them, \`pin\` takes versions`,
    "rollback",
  );
}
