import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Digest, repositoryNamed } from "@executor-registry/resolver";
import { makeVersionPolicies } from "../policies/policies.ts";
import { choose } from "./current.ts";
import { ImageSet } from "../catalogue/image-set.ts";
import { Recent } from "../model/recent.ts";
import { TypeView } from "./type-view.ts";
import { type CatalogueImage, type CatalogueType, emptyType, type RepositoryReads } from "../catalogue/state.ts";

const REPOSITORY = "registry.test/executor-ml";

interface Looks {
  readonly created?: string;
  readonly pushed?: string;
  readonly found?: string;
  /** The look that found it; the first ended at 100. */
  readonly since?: number;
  readonly tags?: readonly string[];
  readonly state?: CatalogueImage["state"];
}

const UNKNOWN = "1970-01-01T00:00:00Z";
const JANUARY = "2026-01-01T08:00:00Z";
const YEAR_2026 = "2026-06-01T00:00:00Z";
const pushed = (hour: number): Looks => ({ pushed: `2026-11-19T${String(hour).padStart(2, "0")}:00:00Z` });

function type(...looks: readonly Looks[]): CatalogueType {
  const images = new ImageSet(new Recent(Infinity, () => {}));
  for (const [
    index,
    { created, pushed, found = "2026-11-20T00:00:00Z", since = 0, tags, state = "admitted" },
  ] of looks.entries()) {
    const digest: Digest = `sha256:${String(index).repeat(64)}`;
    const image: CatalogueImage = {
      repository: repositoryNamed(REPOSITORY),
      digest,
      tags: tags ?? [`tag-${index}`],
      ...(pushed === undefined ? {} : { pushed }),
      details: { mediaType: "m", platforms: [], labels: {}, ...(created === undefined ? {} : { created }) },
      source: "s",
      state,
      verdicts: state === "rejected" ? [{ check: "c", state: "failed", reason: "not signed" }] : [],
      found,
      since,
      added: found,
      sequence: index + 1,
    };
    images.put(image);
  }
  return { ...emptyType("ml", images), claims: [{ source: "s", repository: REPOSITORY }] };
}

const READS: RepositoryReads = {
  repository: repositoryNamed(REPOSITORY),
  source: "s",
  firstComplete: 100,
  unread: [],
  unreadTotal: 0,
};
const GROUNDS = { rules: { onInvalid: "fallback", versions: makeVersionPolicies({ policies: [] }).of("ml") } } as const;
const currentAmong = (...looks: readonly Looks[]) =>
  choose(type(...looks), { ...GROUNDS, readsOf: () => READS }).current;
const chosen = (...looks: readonly Looks[]): string | undefined => currentAmong(...looks)?.image.tags[0];

describe("the current version", () => {
  test("is the last that was pushed, where the registry reports it", () => {
    assert.equal(
      chosen(
        { pushed: "2026-11-02T00:00:00Z", created: "2026-01-01T00:00:00Z" },
        { pushed: "2026-11-01T00:00:00Z", created: "2026-10-01T00:00:00Z" },
      ),
      "tag-0",
    );
  });

  test("is the last that was built otherwise", () => {
    assert.equal(chosen({ created: "2026-11-01T00:00:00Z" }, { created: "2026-11-02T00:00:00Z" }), "tag-1");
  });

  // The numbers are those of the rules' cases in the research on image reflectors.
  for (const [what, looks, expected, ambiguous = false] of [
    ["40: by the registry's time of push", [pushed(9), pushed(10)], "tag-1"],
    [
      "41: the build's time is not asked where that is known",
      [
        { ...pushed(9), created: YEAR_2026 },
        { ...pushed(10), created: UNKNOWN },
      ],
      "tag-1",
    ],
    [
      "42: what a later look found is newer than all of the first",
      [{ created: UNKNOWN }, { created: JANUARY }, { created: UNKNOWN, since: 100 }],
      "tag-2",
    ],
    [
      "43: no times and no versions: by the numbers in the tags, and ambiguous",
      [
        { created: UNKNOWN, tags: ["build-10"] },
        { created: UNKNOWN, tags: ["build-9"] },
      ],
      "build-10",
      true,
    ],
    ["44: a time of the future is no evidence", [{ created: "2031-01-01T00:00:00Z" }, { created: JANUARY }], "tag-1"],
    ["44: nor in the year 275760", [{ created: "+275760-09-13T00:00:00.000Z" }, { created: JANUARY }], "tag-1"],
    [
      "red-15: nor a push in the future, for longer than until the next",
      [
        { pushed: "2999-01-01T00:00:00Z" },
        { pushed: "2026-11-21T00:00:00Z", found: "2026-11-21T00:00:00Z", since: 200 },
      ],
      "tag-1",
    ],
    [
      "a time before images were is no evidence",
      [{ created: "2013-02-28T00:00:00Z", tags: ["2.0.0"] }, { tags: ["3.0.0"] }],
      "3.0.0",
    ],
    [
      "red-15: looks order, not the clock, which was a year ahead for one start",
      [
        { since: 100, found: "2027-11-20T00:00:00Z" },
        { since: 120, found: "2027-11-20T00:00:00Z" },
        { since: 110, found: "2027-11-20T00:00:00Z" },
      ],
      "tag-1",
    ],
    [
      "what one later look found ties too: versions decide",
      [
        { since: 100, tags: ["1.10.0"] },
        { since: 100, tags: ["1.9.0"] },
      ],
      "1.10.0",
    ],
    [
      "a commit's hash in place of a version is a name, no rank",
      [{ tags: ["1.4.0-abc1234"] }, { tags: ["1.4.0-def5678"] }],
      "1.4.0-def5678",
      true,
    ],
    ["an image without a version may be the newest too", [{ tags: ["1.10.0"] }, { tags: ["main"] }], "1.10.0", true],
    ["an older version's order of finding is kept", [{ since: -50 }, { since: -20 }, { since: -90 }], "tag-1"],
    ["and gives way to builds' times, as it did", [{ since: -50, created: JANUARY }, { since: -20 }], "tag-0"],
  ] as const satisfies readonly (readonly [string, readonly Looks[], string, boolean?])[]) {
    test(what, () => {
      const current = currentAmong(...looks);
      assert.deepEqual([current?.image.tags[0], current?.ambiguous], [expected, ambiguous]);
      assert.equal(current?.decidedBy, ambiguous ? "none" : "policy");
    });
  }

  test("is never one that is rejected, pending or withdrawn; that a newer one waits is said", () => {
    const current = currentAmong(
      { created: "2026-11-01T00:00:00Z" },
      { created: "2026-11-02T00:00:00Z", state: "rejected" },
      { created: "2026-11-03T00:00:00Z", state: "withdrawn" },
    );
    assert.equal(current?.image.tags[0], "tag-0");
    assert.deepEqual(current.warnings, ["a newer image, tag-1, is rejected: not signed"]);
    assert.equal(current.decidedBy, "only-candidate");
  });

  test("is none where nothing is admitted", () => {
    assert.equal(currentAmong({ state: "rejected" }), undefined);
  });
});

describe("tags that could not be read", () => {
  const unread = (...codes: readonly string[]): RepositoryReads => ({
    ...READS,
    unread: codes.map((code, n) => ({ tag: `1.0.${n}`, code, reason: "its configuration is not JSON" })),
    unreadTotal: codes.length,
  });
  const warningsOf = (reads: RepositoryReads | undefined) => {
    const { current } = choose(type({ created: JANUARY }, { created: YEAR_2026 }), {
      ...GROUNDS,
      readsOf: () => reads,
    });
    return { warnings: current?.warnings, reason: current?.reason };
  };

  for (const [what, reads, warning] of [
    [
      "many",
      unread("throttled", "throttled"),
      "2 tags of executor-ml could not be read yet (too many requests); a newer image may be among them",
    ],
    [
      "of several kinds",
      unread("throttled", "throttled", "timeout"),
      "3 tags of executor-ml could not be read yet (most: too many requests); a newer image may be among them",
    ],
    [
      "one",
      unread("registry-protocol"),
      "tag 1.0.0 could not be read: its configuration is not JSON; it may be a newer image",
    ],
    ["nobody knows yet", undefined, "executor-ml has not been looked at completely yet; a newer image may be in it"],
  ] as const) {
    test(`reg-12: ${what}: the answer says so, and claims nothing that is not known`, () => {
      const { warnings, reason } = warningsOf(reads);
      assert.deepEqual(warnings, [warning]);
      if (reads) assert.match(reason ?? "", /^of 2 admitted versions that could be read it is the last that was built/);
    });
  }
});

test("the current version is known among images that are kept packed", () => {
  const packed = type({ created: JANUARY }, { created: YEAR_2026 }, { created: JANUARY });
  packed.images.pack();
  const view = new TypeView(packed, { readsOf: () => READS, rules: { ...GROUNDS.rules, onInvalid: "keep" } });
  const current = view.current?.image;
  assert.ok(current);
  assert.deepEqual(
    view.images().filter((image) => view.isCurrent(image)),
    [current],
  );
  assert.ok(view.named(current.digest).every((image) => view.isCurrent(image)));
});
