import { repositoryNamed } from "@executor-registry/resolver";
import { errorRow } from "../errors/service-errors.ts";
import type { UnreadRecord } from "../model/change.ts";
import { oneLine } from "../model/one-line.ts";
import type { RepositoryReads } from "../catalogue/state.ts";

/** Temporary failures, as parts of a sentence. */
const PASSING: Readonly<Record<string, string>> = {
  throttled: "too many requests",
  unreachable: "the registry could not be reached",
  timeout: "no answer in time",
  unauthorized: "the credentials were refused",
  forbidden: "access was refused",
};

/** What of a repository is not known, since tags of it could not be read. */
export function unreadWarnings(repository: string, reads: RepositoryReads | undefined): readonly string[] {
  const { path } = repositoryNamed(repository);
  if (reads === undefined) return [`${path} has not been looked at completely yet; a newer image may be in it`];
  const { unread, unreadTotal } = reads;
  const [first] = unread;
  if (first === undefined) return [];
  if (unreadTotal === 1)
    return [oneLine(`tag ${first.tag} could not be read: ${first.reason}; it may be a newer image`)];
  const why = reasonOf(unread);
  return [oneLine(`${unreadTotal} tags of ${path} could not be read yet (${why}); a newer image may be among them`)];
}

/** The commonest failure. */
function reasonOf(unread: readonly UnreadRecord[]): string {
  const counts = new Map<string, number>();
  for (const { code } of unread) counts.set(code, (counts.get(code) ?? 0) + 1);
  const [[code, count] = ["unreachable", 0] as const] = [...counts].sort(([, a], [, b]) => b - a);
  const example = unread.find((record) => record.code === code);
  const why = PASSING[code] ?? (counts.size === 1 && count === 1 ? example?.reason : errorRow(code).title);
  return counts.size === 1 ? `${why}` : `most: ${why}`;
}
