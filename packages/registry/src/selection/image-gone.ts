import type { CatalogueType, Revision } from "../catalogue/state.ts";

/**
 * Whether what a type was answered with was withdrawn, and nothing came after it but what was left: the version before, or none. So it is until
 * another version is pushed, or an operator pins one. A pinned version that is gone is another matter, which the condition `PinInvalid` says.
 */
export function imageGone({ revisions, images, pin }: CatalogueType): boolean {
  const [before, last] = revisions.length > 1 ? revisions.slice(-2) : [undefined, revisions[0]];
  const withdrawnAt = ({ repository, digest }: Revision): string | undefined =>
    images.get(repository, digest)?.withdrawn?.at;
  const pinned = ({ decidedBy, nowDecidedBy }: Revision): boolean => (nowDecidedBy ?? decidedBy) === "pin";
  if (last === undefined || pin !== undefined || pinned(last)) return false;
  if (withdrawnAt(last) !== undefined) return true;
  if (before === undefined || pinned(before)) return false;
  const at = withdrawnAt(before);
  return at !== undefined && at <= last.since;
}
