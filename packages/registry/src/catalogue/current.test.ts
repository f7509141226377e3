import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Digest } from "@executor-registry/resolver";
import { currentOf } from "./current.ts";
import { ImageSet } from "./image-set.ts";
import type { CatalogueImage, CatalogueType } from "./state.ts";

const REPOSITORY = "registry.test/executor-ml";

interface Looks {
  readonly created?: string;
  readonly pushed?: string;
  readonly found?: string;
  readonly tags?: readonly string[];
  readonly state?: CatalogueImage["state"];
}

function type(...looks: readonly Looks[]): CatalogueType {
  const images = new ImageSet();
  for (const [
    index,
    { created, pushed, found = "2026-11-20T00:00:00Z", tags, state = "admitted" },
  ] of looks.entries()) {
    const digest: Digest = `sha256:${String(index).repeat(64)}`;
    const image: CatalogueImage = {
      repository: REPOSITORY,
      digest,
      tags: tags ?? [`tag-${index}`],
      ...(pushed === undefined ? {} : { pushed }),
      details: { mediaType: "m", platforms: [], labels: {}, ...(created === undefined ? {} : { created }) },
      source: "s",
      state,
      verdicts: state === "rejected" ? [{ check: "c", state: "failed", reason: "not signed" }] : [],
      found,
      added: found,
      sequence: index + 1,
    };
    images.put(image);
  }
  return { type: "ml", claims: [{ source: "s", repository: REPOSITORY }], images };
}

const chosen = (...looks: readonly Looks[]): string | undefined => currentOf(type(...looks))?.image.tags[0];

describe("the current version", () => {
  test("is the last that was pushed, where the registry tells", () => {
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

  test("is the last that was found, where builds leave out their time", () => {
    const created = "1970-01-01T00:00:00Z";
    assert.equal(
      chosen({ created, found: "2026-11-21T00:00:00Z" }, { created, found: "2026-11-20T00:00:00Z" }),
      "tag-0",
    );
  });

  test("is the highest version of those found together", () => {
    const created = "1970-01-01T00:00:00Z";
    assert.equal(chosen({ created, tags: ["1.10.0"] }, { created, tags: ["1.9.0"] }), "1.10.0");
  });

  test("is never one that is rejected, pending or withdrawn; that a newer one waits is said", () => {
    const current = currentOf(
      type(
        { created: "2026-11-01T00:00:00Z" },
        { created: "2026-11-02T00:00:00Z", state: "rejected" },
        { created: "2026-11-03T00:00:00Z", state: "withdrawn" },
      ),
    );
    assert.equal(current?.image.tags[0], "tag-0");
    assert.deepEqual(current.warnings, ["a newer image, tag-1, is rejected: not signed"]);
    assert.equal(current.decidedBy, "only-candidate");
  });

  test("is none where nothing is admitted", () => {
    assert.equal(currentOf(type({ state: "rejected" })), undefined);
  });
});
