import { compareRecency, type Difference, differenceOf, type Recency } from "./recency.ts";
import type { VersionPolicy } from "./policy.ts";

const ADVICE =
  "give each image a version as its tag, such as 1.4.0, or let builds keep the time at which they were made";

/** The newest version, and what shows that it is; ambiguous where nothing does. */
export const newest: VersionPolicy = (versions, complete) => {
  let version = versions[0];
  for (const one of versions) if (one !== version && compareRecency(one, version) > 0) version = one;
  // What could not be read may be newer: then it is the newest of those that could.
  const readable = complete ? "" : " that could be read";
  if (versions.length === 1) {
    const reason = `it is the only admitted version${readable}`;
    return { version, decidedBy: "only-candidate", reason, ambiguous: false };
  }
  const differences = new Set<Difference>();
  for (const one of versions) if (one !== version) differences.add(differenceOf(version, one));
  if (differences.has("name")) {
    const reason = `nothing shows which of ${versions.length} admitted versions${readable} is the newest: some were there when their repository was looked at first, without a time that is believable or a version to compare`;
    return { version, decidedBy: "none", reason, ambiguous: true, advice: ADVICE };
  }
  const why = reasonFor(version, versions, differences);
  const reason = `of ${versions.length} admitted versions${readable} it ${why}`;
  return { version, decidedBy: "policy", reason, ambiguous: false };
};

function reasonFor(newest: Recency, all: readonly Recency[], differences: ReadonlySet<Difference>): string {
  const { image } = newest;
  if (differences.has("version")) return "has the highest version of those that no time orders";
  if (differences.has("created")) {
    const undated = all.some(({ created, look }) => created === 0 && look === newest.look);
    return `is the last that was built${undated ? " of those that say when" : ""} (${image.details?.created ?? ""})`;
  }
  if (differences.has("pushed")) return `is the last that was pushed (${image.pushed ?? image.found})`;
  return `is the last that was found (${image.found})`;
}
