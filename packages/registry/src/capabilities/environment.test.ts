import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeBytes } from "../../../../testing/images.ts";
import type { RepositoryReader } from "../oci/read/repository-reader.ts";
import { readEnvironment } from "./environment.ts";
import type { PlatformPart } from "./image-parts.ts";

const PLACE = { host: "registry.test", repository: "team/executor-ml" };

/** What the configuration of an image declares, each as `name version: evidence`. */
async function declared(configuration: object, signal: AbortSignal): Promise<readonly string[]> {
  const bytes = Buffer.from(JSON.stringify(configuration));
  const config = describeBytes("application/vnd.oci.image.config.v1+json", bytes);
  const part = { digest: config.digest, manifest: { digest: config.digest, config } } as unknown as PlatformPart;
  const reader = { blob: async () => bytes } as unknown as RepositoryReader;
  const { evidence } = await readEnvironment(part, reader, PLACE, signal);
  return evidence.list.map(({ name, version, evidence: shown }) => `${[name, version].join(" ").trim()}: ${shown}`);
}
const byVariables = (env: unknown, signal: AbortSignal) => declared({ config: { Env: env } }, signal);

describe("variables of an image", () => {
  const ten = "NVIDIA_REQUIRE_CUDA=cuda>=12.4 brand=tesla,driver>=470,driver<471 brand=unknown,driver>=470";
  for (const [what, env, expected] of [
    ["the toolkit's version", ["CUDA_VERSION=12.4.1"], ["cuda 12.4.1: CUDA_VERSION=12.4.1"]],
    ["what the driver must offer", [ten], [`cuda 12.4: ${ten}`]],
    [
      "the toolkit's version before what the driver must offer",
      [ten, "CUDA_VERSION=12.6.0"],
      ["cuda 12.6.0: CUDA_VERSION=12.6.0"],
    ],
    ["a requirement that is disabled", [ten, "NVIDIA_DISABLE_REQUIRE=true"], []],
    [
      "one that disables nothing",
      ["NVIDIA_REQUIRE_X=cuda>=11.0", "NVIDIA_DISABLE_REQUIRE=0"],
      ["cuda 11.0: NVIDIA_REQUIRE_X=cuda>=11.0"],
    ],
    ["a version that was taken back", ["CUDA_VERSION="], []],
    [
      "libraries of NVIDIA's images",
      ["NV_CUDA_CUDART_VERSION=12.4.99-1", "NV_CUDNN_VERSION=9.1.0.70-1"],
      ["cuda 12.4: NV_CUDA_CUDART_VERSION=12.4.99-1", "cudnn 9.1.0.70: NV_CUDNN_VERSION=9.1.0.70-1"],
    ],
    ["ROCm, by its folder alone", ["ROCM_PATH=/opt/rocm"], ["rocm: ROCM_PATH=/opt/rocm"]],
    ["Java", ["JAVA_HOME=/usr/lib/jvm/17", "JAVA_VERSION=jdk-17.0.12+7"], ["java 17.0.12: JAVA_VERSION=jdk-17.0.12+7"]],
    ["secrets, which are left alone", ["TOKEN=cuda>=12", "CUDA_TOKEN=12"], []],
    ["no list", "CUDA_VERSION=12", []],
    ["what is no variable", [12, null, "CUDA_VERSION", "=12", ""], []],
  ] as const) {
    test(`declare ${expected.length === 0 ? "nothing" : "capabilities"}: ${what}`, async ({ signal }) => {
      assert.deepEqual(await byVariables(env, signal), expected);
    });
  }
});

test("its platform is its architecture, and the operating system where that is not Linux", async ({ signal }) => {
  assert.deepEqual(await declared({ os: "linux", architecture: "arm64", variant: "v8" }, signal), [
    "arm64: linux/arm64/v8",
  ]);
  assert.deepEqual(await declared({ os: "windows", architecture: "amd64" }, signal), [
    "amd64: windows/amd64",
    "windows: windows/amd64",
  ]);
  assert.deepEqual(await declared({ os: 1, architecture: "a/b", config: null }, signal), []);
});
