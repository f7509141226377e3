import { isDigest } from "@executor-registry/resolver";
import { SELECTION_OPERATIONS } from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { text } from "../base/parse-flags.ts";
import { CHANGE_FLAGS, FOR_FLAG, typeOf, wishOf } from "../service/selection.ts";
import { runChange, withoutUndefined } from "./change.ts";

export const deny: Command = {
  name: "deny",
  summary: "keep images of an executor type out, whatever pins and policies say",
  usage: "TYPE VERSION|DIGEST|PATTERN --reason TEXT [--pattern] [--for DURATION] [--dry-run] [-o FORMAT]",
  details: `A VERSION is a tag: what it names now stays out too when the tag moves on. With --pattern the word is a regular expression (RE2), and every image
with a tag in which it finds something stays out. \`allow\` takes it back.`,
  flags: {
    pattern: { type: "boolean", help: "the word is a pattern, such as '-rc\\.'" },
    ...CHANGE_FLAGS,
    for: FOR_FLAG,
  },
  words: { least: 2, most: 2 },
  typesOf: "service",
  async run(given, io) {
    const [word, what = ""] = given.words;
    const type = typeOf(word, "deny");
    const { reason, dryRun } = wishOf(given, "deny");
    const kind = given.flags["pattern"] === true ? "pattern" : isDigest(what) ? "digest" : "version";
    const body = withoutUndefined({ [kind]: what, reason, for: text(given, "for") });
    const request = { operation: SELECTION_OPERATIONS.deny, params: { type }, body };
    return runChange(given, io, { command: "deny", type, dryRun, done: `denied ${what}`, request });
  },
};
