import { ExecutorRegistryError } from "@executor-registry/resolver";
import { type DenialDocument, SELECTION_OPERATIONS, type SelectionChange } from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { withProgress } from "../base/progress.ts";
import { withService } from "../service/needs-service.ts";
import { type ChangeRequest, CHANGE_FLAGS, sendChange, typeOf, wishOf } from "../service/selection.ts";
import { printOutcome, printUnsent } from "./change.ts";

export const allow: Command = {
  name: "allow",
  summary: "take back that images of an executor type are denied",
  usage: "TYPE VERSION|DIGEST|PATTERN|ID --reason TEXT [--dry-run] [-o FORMAT]",
  details:
    "The word is what was denied, or the number of the denial. Where nothing of the kind is denied, nothing changes, and the exit code is 0.",
  flags: CHANGE_FLAGS,
  words: { least: 2, most: 2 },
  typesOf: "service",
  async run(given, io) {
    const [word, what = ""] = given.words;
    const type = typeOf(word, "allow");
    const { reason, dryRun } = wishOf(given, "allow");
    const { signal } = io;
    return withService(given, io, { command: "allow", type }, async (client) => {
      const asked = client.look(SELECTION_OPERATIONS.listDenials, { type }, { signal });
      const { answer, etag } = await withProgress(io, `asking for ${type}`, asked);
      const denial = denied(answer.denials, what);
      if (denial === undefined) {
        const unchanged: SelectionChange = {
          type,
          outcome: "unchanged",
          message: `${what} is not denied`,
          affected: 0,
        };
        return printOutcome(given, io, unchanged, dryRun);
      }
      if (denial.from === "configuration") throw fromConfiguration(type, what, denial);
      const params = { type, id: String(denial.id) };
      const request: ChangeRequest = { operation: SELECTION_OPERATIONS.allow, params, query: { reason } };
      if (dryRun === "client") return printUnsent(given, io, { type, done: `allowed ${what}`, request });
      return printOutcome(given, io, await sendChange(client, request, { dryRun, etag, signal }), dryRun);
    });
  },
};

/** The newest denial of this; a number that denies nothing itself is a denial's own. */
const denied = (denials: readonly DenialDocument[], what: string): DenialDocument | undefined =>
  denials.findLast(({ version, digest, pattern }) => [version, digest, pattern].includes(what)) ??
  denials.find(({ id }) => String(id) === what && id > 0);

const fromConfiguration = (type: string, what: string, { by, reason }: DenialDocument): ExecutorRegistryError =>
  new ExecutorRegistryError(
    "configuration",
    `${what} of ${type} is denied by the service's configuration${by === "" ? "" : `, by ${by}`} (${reason}); it is allowed by taking that out of versions.policies there`,
  );
