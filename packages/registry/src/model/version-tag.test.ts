import assert from "node:assert/strict";
import { test } from "node:test";
import { isMovingTag, versionTag } from "./version-tag.ts";

test("people move latest, branches and parts of versions; not full versions, commits and dates", () => {
  const moving = ["latest", "main", "stable", "1", "1.4", "v2", "release-1.4", "dev", "feature-x", "cafe"];
  assert.deepEqual(
    moving.filter((tag) => !isMovingTag(tag)),
    [],
  );
  const fixed = [
    "1.4.0",
    "v1.4.0-rc.1",
    "1.4.0-3-gabc1234",
    "abc1234",
    "main-0f3c9ab",
    "20261123",
    "build-20261123150405",
    "2026-11-23",
  ];
  assert.deepEqual(fixed.filter(isMovingTag), []);
});

test("an image is called by its highest version, else by what does not move, else by anything but latest", () => {
  for (const [tags, version] of [
    [["latest", "1.2.0", "1.10.0"], "1.10.0"],
    [["latest", "abc1234", "main"], "abc1234"],
    [["latest", "main"], "main"],
    [["latest"], "latest"],
  ] as const) {
    assert.equal(versionTag(tags), version);
  }
});
