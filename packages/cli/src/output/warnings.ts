import type { Resolution, ResolutionChange, SourceReport } from "@executor-registry/resolver";
import type { Io } from "./io.ts";

/** Says one warning on standard error. */
export function warn(io: Pick<Io, "stderr">, message: string): void {
  io.stderr.print([[{ style: "yellow", text: "warning:" }, ` ${message}`]]);
}

/** What a resolution and a document of the service have in common. */
type Answer = Pick<Resolution, "type" | "ambiguous" | "reason" | "advice" | "warnings" | "stale" | "staleSince"> & {
  readonly source: string;
};

/** Says on standard error what a person should know about an answer. */
export function warnAbout(answer: Answer, io: Pick<Io, "stderr">): void {
  const { type, ambiguous, reason, advice, warnings, source, stale, staleSince } = answer;
  for (const warning of warnings) warn(io, warning);
  if (ambiguous) warn(io, `${type} is ambiguous: ${reason}${advice === undefined ? "" : `; ${advice}`}`);
  if (stale) warn(io, `${source} has had no contact since ${staleSince}; this is its last answer`);
}

/** Warnings of a list that are printed one by one. */
const LISTED = 20;

/** Says on standard error what a person should know about the answers of a list: of which type it is, and what. */
export function warnOfEach(resolutions: readonly Resolution[], io: Pick<Io, "stderr">): void {
  const all = resolutions.flatMap(({ type, warnings }) => warnings.map((warning) => `${type}: ${warning}`));
  for (const warning of all.slice(0, LISTED)) warn(io, warning);
  if (all.length > LISTED) warn(io, `${all.length - LISTED} more warnings; -o json prints them all`);
}

/** Says what a person should know about an answer that changed, as far as it is new. */
export function warnOfChange({ resolution, previous }: ResolutionChange, io: Pick<Io, "stderr">): void {
  if (!resolution) return;
  const warnings = resolution.warnings.filter((warning) => !previous?.warnings.includes(warning));
  const stale = resolution.stale && !previous?.stale;
  warnAbout({ ...resolution, warnings, stale, ambiguous: resolution.ambiguous && !previous?.ambiguous }, io);
}

/** What a source left out, or that it is left out itself. */
export function warnOfSource(
  { name, status: { state, problem, since }, notes }: SourceReport,
  io: Pick<Io, "stderr" | "program">,
): void {
  const lost = `has had no contact since ${new Date(since).toISOString()}`;
  // The message of a refusal goes on with the roles to apply, which belong into `doctor`; its notes say the same again.
  const refused = problem?.code === "forbidden";
  const why = refused ? `it may not be read; see \`${io.program} doctor\`` : problem?.message;
  if (why !== undefined) warn(io, `${name} ${state === "stale" ? lost : "is left out"}: ${why}`);
  if (!refused) for (const note of notes) warn(io, note);
}
