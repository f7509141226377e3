import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadImages, noNode } from "./cluster.ts";
import { buildImage, noImagePack, packImage } from "./image-build.ts";

// Run as a program, it builds our images and loads them into the node, once for all tests of a run.

/** The service, from deploy/Dockerfile. It is not named `executor-…`, which would make it an executor. */
export const SERVICE_IMAGE = "docker.io/library/registry-service:test";
/** The example dispatcher, which holds the library, from its Dockerfile. */
export const DISPATCHER_IMAGE = "docker.io/library/job-dispatcher:test";

/** Why tests that run our own images as pods are skipped, or `false`. */
export const noOwnImages: string | false =
  noNode ||
  noImagePack ||
  (process.env["OWN_IMAGES"] === "loaded"
    ? false
    : "our images are not in the node: run `npm run test:cluster -- FILE`");

async function loadOwnImages(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "own-images-"));
  try {
    for (const [dockerfile, reference] of [
      ["deploy/Dockerfile", SERVICE_IMAGE],
      ["examples/dispatcher/Dockerfile", DISPATCHER_IMAGE],
    ] as const) {
      using image = await buildImage(dockerfile);
      const archive = join(folder, "image.tar");
      await packImage(image, reference, archive);
      await loadImages(archive);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const why = noNode || noImagePack;
  if (why) process.stdout.write(`SKIPPED: tests that run our images as pods: ${why}\n`);
  else await loadOwnImages();
}
