import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Digest, repositoryNamed } from "@executor-registry/resolver";
import type { CatalogueImage, RepositoryReads } from "../catalogue/state.ts";
import { Recency, RecencyOrder } from "./recency.ts";

const FIRST_LOOK_ENDED = 100;
const repository = repositoryNamed("registry.test/executor-ml");
const READS: RepositoryReads = {
  repository,
  source: "s",
  firstComplete: FIRST_LOOK_ENDED,
  unread: [],
  unreadTotal: 0,
};
const NOON = Date.parse("2026-11-20T12:00:00Z");
const at = (minute: number): string => new Date(NOON + minute * 60_000).toISOString();

interface Facts {
  readonly digest: Digest;
  readonly tags?: readonly string[];
  readonly pushed?: number | undefined;
  readonly created?: number | undefined;
  readonly found: number;
  readonly since: number;
}

function recency({ digest, tags = ["main"], pushed, created, found, since }: Facts): Recency {
  const details = { mediaType: "m", platforms: [], labels: {}, ...(created !== undefined && { created: at(created) }) };
  const image: CatalogueImage = {
    repository,
    digest,
    tags,
    ...(pushed !== undefined && { pushed: at(pushed) }),
    details,
    source: "s",
    state: "admitted",
    verdicts: [],
    found: at(found),
    since,
    sequence: since,
  };
  return new Recency(image, READS);
}

const few = fc.integer({ min: 0, max: 6 });
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex): Digest => `sha256:${hex}`);
/** Some with a time of push, some without; by looks whose clocks were wrong as well. */
const facts = fc.record({
  digest,
  tags: fc.constantFrom(["main"], ["1.2.0"], ["1.10.0"], ["1.2.0-rc.1"], ["build-9"], ["build-10"]),
  pushed: fc.option(few, { nil: undefined }),
  created: fc.option(few, { nil: undefined }),
  found: few,
  since: fc.constantFrom(-2, -1, 0, 50, 100, 110, 120, 130),
});
const mixed = fc.uniqueArray(facts, { minLength: 3, maxLength: 7, selector: (one) => one.digest });
const signs = (all: readonly Recency[]): readonly (readonly number[])[] => {
  const order = new RecencyOrder(all);
  return all.map((a) => all.map((b) => Math.sign(order.compare(a, b))));
};

test("the order of images is total, where some have a time of push and others none", () => {
  fc.assert(
    fc.property(mixed, (all) => {
      const order = signs(all.map(recency));
      for (const [a, row] of order.entries()) {
        for (const [b, sign] of row.entries()) {
          assert.equal(sign === 0, a === b);
          assert.equal(sign + (order[b]?.[a] ?? Number.NaN), 0);
          for (const [c, other] of (order[b] ?? []).entries()) if (sign > 0 && other > 0) assert.equal(row[c], 1);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("whatever a clock said, of images without a time of push those of a later look are newer, and all of them newer than the first look's", () => {
  fc.assert(
    fc.property(mixed, (all) => {
      const images = all.map(recency);
      const order = new RecencyOrder(images);
      for (const a of images) {
        for (const b of images) {
          if (a.pushed !== undefined || b.pushed !== undefined) continue;
          if (a.image.since > b.image.since && a.image.since >= FIRST_LOOK_ENDED) assert.ok(order.compare(a, b) > 0);
        }
      }
    }),
  );
});

test("what is found later does not turn the order of other images", () => {
  fc.assert(
    fc.property(mixed, facts, (all, one) => {
      const before = all.map(recency);
      const later = recency({ ...one, found: 7 });
      const after = signs([...before, later]).slice(0, -1);
      assert.deepEqual(
        after.map((row) => row.slice(0, -1)),
        signs(before),
      );
    }),
  );
});

test("nor does an image more of those that all have a time of push, or all have none", () => {
  fc.assert(
    fc.property(mixed, facts, fc.boolean(), (all, one, arePushed) => {
      const same = (image: Facts): Recency =>
        recency({ ...image, pushed: arePushed ? (image.pushed ?? 0) : undefined });
      const after = signs([...all, one].map(same)).slice(0, -1);
      assert.deepEqual(
        after.map((row) => row.slice(0, -1)),
        signs(all.map(same)),
      );
    }),
  );
});

const named = (hex: string, rest: Omit<Facts, "digest">): Recency =>
  recency({ digest: `sha256:${hex.repeat(64)}`, ...rest });

test("what one look found in portions is ordered by builds' times and versions, also beside images with a time of push", () => {
  const [first, second, pushed] = [
    named("a", { since: 110, found: 2, tags: ["1.10.0"] }),
    named("b", { since: 110, found: 3, tags: ["1.9.0"] }),
    named("c", { since: 120, found: 5, pushed: 1 }),
  ] as const;
  const order = new RecencyOrder([first, second, pushed]);
  assert.ok(order.compare(first, second) > 0);
  assert.equal(order.difference(first, second), "version");
  assert.ok(order.compare(second, pushed) > 0);
});

test("an image that could not be read at first is no newer than what the looks after it found", () => {
  const [late, next, pushed] = [
    named("a", { since: 110, found: 9 }),
    named("b", { since: 120, found: 4 }),
    named("c", { since: 130, found: 6, pushed: 5 }),
  ] as const;
  const order = new RecencyOrder([late, next, pushed]);
  assert.ok(order.compare(next, late) > 0);
  assert.ok(order.compare(pushed, late) > 0);
});
