import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock, repositoryNamed } from "@executor-registry/resolver";
import { noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { pushImage } from "../../../../testing/push.ts";
import { openScanning } from "../testing/scanning.ts";
import { turnsBetween } from "./known.ts";

const day = (number: number): string => `2026-11-${String(number).padStart(2, "0")}T12:00:00Z`;

for (const tag of ["1.0.0-SNAPSHOT", "0.0.0-dev", "1.0.0", "3.11.4-slim", "2.0.0-latest", "1.2.3.nightly"]) {
  test(
    `reg-08: ${tag}, which is answered with, is found by the next poll when it was pushed over`,
    { skip: noDockerRegistry },
    async () => {
      await using registry = await startDockerRegistry();
      await pushImage(registry, "team/executor-snap", tag, { created: day(1) });
      await using scanning = await openScanning({ registries: [registry] });
      await scanning.scan();
      const { digest } = await pushImage(registry, "team/executor-snap", tag, { created: day(2) });
      await scanning.scan();
      assert.equal(scanning.choices.snapshot.document("snap")?.digest, digest);
    },
  );
}

test(
  "reg-08: a refresh without a type looks at every tag; polls come to each within a day",
  { skip: noDockerRegistry },
  async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "team/executor-snap", "1.0.0", { created: day(1) });
    await pushImage(registry, "team/executor-snap", "1.1.0", { created: day(9) });
    let ahead = 0;
    const clock = { now: () => Date.now() + ahead, sleep: systemClock.sleep };
    await using scanning = await openScanning({ registries: [registry], clock });
    await scanning.scan();
    const digestOf = (tag: string): string | undefined =>
      [...(scanning.catalogue.type("snap")?.images ?? [])].find(
        ({ state, tags }) => state !== "withdrawn" && tags.includes(tag),
      )?.digest;
    const second = await pushImage(registry, "team/executor-snap", "1.0.0", { created: day(2) });
    await scanning.scanner.refresh({ actor: "user:eve", why: "refresh" });
    assert.equal(digestOf("1.0.0"), second.digest);
    const third = await pushImage(registry, "team/executor-snap", "1.0.0", { created: day(3) });
    for (let hour = 0; hour < 24; hour += 1) {
      ahead += 3_600_000;
      await scanning.scan();
    }
    assert.equal(digestOf("1.0.0"), third.digest);
  },
);

test("each tag has one turn in a day, whatever looks there are", () => {
  const looks = [0, 1000, 5000, 3_600_000, 40_000_000, 24 * 3_600_000];
  for (const tag of ["1.0.0", "1.0.1", "2.0.0", "x"]) {
    const turns = looks
      .slice(1)
      .filter((until, index) => turnsBetween(repositoryNamed("r/x"), looks[index] ?? 0, until)(tag));
    assert.equal(turns.length, 1, tag);
  }
});
