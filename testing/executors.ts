import { buildImage, loadImages, removeImages, type TestNamespace, testNamespace } from "./cluster.ts";
import { jobFor, type JobManifest } from "@executor-registry/dispatcher";
import type { JobRequest } from "@executor-registry/dispatcher";
import { submit, type Submission } from "@executor-registry/dispatcher";
import { resolution } from "./resolution.ts";

/** A namespace, and an image on the node whose entrypoint is a shell. */
export interface Executors extends TestNamespace {
  readonly image: string;
  /** The Job of a shell script. */
  job(script: string, request?: Partial<JobRequest>): JobManifest;
  /** Submits it. */
  start(script: string, request?: Partial<JobRequest>): Promise<Submission>;
}

/** @param name distinguishes the test file's image from others' */
export async function testExecutors(name: string): Promise<Executors> {
  const image = `docker.io/library/executor-disp:${name}`;
  await loadImages(await buildImage(image, 1, "/bin/sh"));
  const space = await testNamespace(`disp-${name}`);
  let ids = 0;
  const job: Executors["job"] = (script, request) => {
    ids += 1;
    return jobFor(resolution({ image, version: name }), { id: `${name}-${ids}`, args: ["-c", script], ...request });
  };
  return {
    ...space,
    image,
    job,
    start: (script, request) => submit(space.api, job(script, request)),
    async [Symbol.asyncDispose]() {
      await space[Symbol.asyncDispose]();
      await removeImages(image);
    },
  };
}
