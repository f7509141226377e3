import { z } from "zod";
import { Name } from "../settings/kinds.ts";
import { forwardKind } from "./forward-kind.ts";

/** A line of the service's log for each entry, whatever the log's level: what collects the log collects the journal. */
export const stdoutForward = forwardKind({
  schema: z.strictObject({ name: Name, kind: z.literal("stdout") }),
  make: (_config, { log }) => {
    const lines = log.child({}, { level: "info" });
    return {
      kind: "stdout",
      most: 100,
      async deliver(entries) {
        for (const entry of entries) lines.info({ entry }, "journal entry");
      },
    };
  },
});
