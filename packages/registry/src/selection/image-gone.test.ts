import assert from "node:assert/strict";
import { test } from "node:test";
import { type Digest, ExecutorRegistryError } from "@executor-registry/resolver";
import { pino } from "pino";
import { openScanning } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource, unreadable } from "../testing/scripted-source.ts";
import { imageGone } from "./image-gone.ts";
import { ServedVersions } from "./served.ts";

type ListedImage = ReturnType<typeof listedImage>;

test("that the current image is gone is so from then until another is pushed, and of older ones it is no matter", async () => {
  const HOUR_MS = 3_600_000;
  let listed: readonly ListedImage[] = [];
  const source = scriptedSource(async (_request, found) => {
    await found(listing("team/executor-ml", ...listed));
    return { complete: true };
  });
  const manifest = async (digest: Digest) => {
    if (!listed.some((image) => image.digest === digest))
      throw new ExecutorRegistryError("not-found", "there is no such manifest", { retryable: false });
    return { digest } as Awaited<ReturnType<typeof unreadable.manifest>>;
  };
  const asked = { ...source, reader: () => ({ ...unreadable, manifest }) };
  await using scanning = await openScanning({ sources: [asked], interval: HOUR_MS });
  const served = new ServedVersions(scanning.choices, pino({ level: "silent" }));
  /** The registry holds these now, and goes on to: a disappearance is believed at the second look. */
  const holds = async (...images: readonly ListedImage[]): Promise<boolean | undefined> => {
    listed = images;
    for (let look = 0; look < 2; look += 1) {
      scanning.later(2 * HOUR_MS);
      await scanning.scan();
      await served.settle();
    }
    const type = scanning.catalogue.type("ml");
    return type && imageGone(type);
  };
  const [first, second, third] = [listedImage("a", "1.0.0"), listedImage("b", "1.1.0"), listedImage("c", "1.2.0")];
  assert.equal(await holds(first), false);
  assert.equal(await holds(first, second), false);
  assert.equal(await holds(first), true, "1.0.0 is current again");
  assert.equal(scanning.versions()["ml"], "1.0.0");
  assert.equal(await holds(first, third), false);
  assert.equal(await holds(third), false, "1.0.0 had not been current");
  assert.equal(await holds(), true, "nothing is left");
  assert.equal(scanning.versions()["ml"], undefined);
});
