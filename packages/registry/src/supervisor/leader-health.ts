import { z } from "zod";
import type { FollowerHealth } from "../audit/follower.ts";
import type { JudgingHealth } from "../judging/judging-options.ts";
import type { SourceHealth } from "../sources/image-source.ts";
import type { Leadership } from "./leadership.ts";

/** What the leader knows and others do not, since it scans, judges and delivers. */
interface LeaderHealth {
  readonly sources: readonly SourceHealth[];
  readonly followers: readonly FollowerHealth[];
  readonly judging: JudgingHealth;
}

const Named = z.looseObject({ name: z.string(), kind: z.string() });

/** Written by another replica, which may be of another release: what is looked at here is checked, the rest is shown as it is. */
const Note = z.object({
  sources: z.array(Named.extend({ state: z.enum(["starting", "ready", "failing"]) })),
  followers: z.array(Named.extend({ failing: z.boolean(), behind: z.number() })),
  judging: z.object({ due: z.number(), late: z.number() }),
});

/** How the leader puts it into its lease. */
export const leaderNote = (health: LeaderHealth): string => JSON.stringify(health);

/** What the leader wrote; `undefined` where there was none yet. */
export function leaderHealthOf({ noted }: Pick<Leadership, "noted">): LeaderHealth | undefined {
  if (noted === undefined) return undefined;
  try {
    return Note.parse(JSON.parse(noted));
  } catch {
    return undefined;
  }
}
