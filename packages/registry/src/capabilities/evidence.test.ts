import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Evidence } from "./evidence.ts";
import { PACKAGE_RULES } from "./rules.ts";

const shown = ({ list }: Evidence): string =>
  list
    .map(({ name, version }) => (version === undefined ? name : `${name} ${version}`))
    .sort()
    .join(", ");
const ofPackages = (...purls: readonly string[]): string => {
  const evidence = new Evidence();
  for (const purl of purls) evidence.addPackage({ name: "a name counts nothing beside a package URL", purl });
  return shown(evidence);
};

describe("packages", () => {
  for (const [purl, expected] of [
    ["pkg:generic/python@3.12.4", "python 3.12.4"],
    ["pkg:deb/debian/python3.11-minimal@3.11.2-6?arch=amd64", "python 3.11.2"],
    ["pkg:apk/alpine/python3@3.12.3-r1", "python 3.12.3"],
    ["pkg:deb/debian/python3-numpy@1:1.24.2-1", ""],
    ["pkg:generic/node@22.3.0", "node 22.3.0"],
    ["pkg:npm/npm@10.8.1", "node"],
    ["pkg:npm/%40acme/npm@1.0.0", ""],
    ["pkg:generic/oracle/openjdk@17.0.2", "java 17.0.2"],
    ["pkg:generic/openjdk@1.8.0_392", "java 8.0"],
    ["pkg:deb/debian/openjdk-21-jre-headless@21.0.4%2B7-1", "java 21.0.4"],
    ["pkg:rpm/rocky/java-17-openjdk-headless@17.0.12.0.7-2.el9", "java 17.0.12.0"],
    ["pkg:pypi/Torch@2.4.0", "pytorch 2.4.0"],
    ["pkg:pypi/torch@2.4.0%2Bcpu", "pytorch 2.4.0"],
    ["pkg:pypi/torch@2.4.0%2Bcu118", "cuda 11.8, pytorch 2.4.0"],
    ["pkg:pypi/torch@1.4.0+cu92", "cuda 9.2, pytorch 1.4.0"],
    ["pkg:pypi/torch@2.4.0%2Brocm6.1", "pytorch 2.4.0, rocm 6.1"],
    ["pkg:pypi/torchmetrics@1.0.0", ""],
    ["pkg:pypi/pytorch-lightning@2.0.0", ""],
    ["pkg:npm/torch@1.0.0", ""],
    ["pkg:pypi/jaxlib@0.4.14+cuda12.cudnn89", "cuda 12"],
    ["pkg:pypi/scikit_learn@1.5.0", "sklearn 1.5.0"],
    ["pkg:pypi/opencv-python-headless@4.10.0.84", "opencv 4.10.0.84"],
    ["pkg:pypi/nvidia-cuda-runtime-cu12@12.4.127", "cuda 12.4"],
    ["pkg:deb/ubuntu/cuda-cudart-12-4@12.4.99-1?arch=amd64", "cuda 12.4"],
    ["pkg:pypi/nvidia-cudnn-cu12@9.1.0.70", "cudnn 9.1.0.70"],
    ["pkg:deb/ubuntu/libnccl2@2.21.5-1%2Bcuda12.4", "nccl 2.21.5"],
    ["pkg:deb/ubuntu/rocm-core@6.1.0.60100-82~22.04", "rocm 6.1.0.60100"],
    ["pkg:maven/org.apache.spark/spark-core_2.13@3.5.1", "spark 3.5.1"],
    ["pkg:maven/com.acme/spark-core_2.13@1.0.0", ""],
    ["pkg:maven/org.apache.flink/flink-connector-kafka@3.1.0-1.18", "flink"],
    ["pkg:maven/org.apache.flink/flink-runtime@1.19.0", "flink 1.19.0"],
    ["pkg:conda/pytorch@2.4.0?build=py3.11_cuda12.4_cudnn9.1.0_0", "pytorch 2.4.0"],
    ["pkg:pypi/ray@nightly", "ray"],
    ["not a package URL", ""],
  ] as const) {
    test(`${purl} shows: ${expected || "nothing"}`, () => assert.equal(ofPackages(purl), expected));
  }

  test("show the highest version of several", () => {
    const purls = ["pkg:deb/debian/python3.11@3.11.2-6", "pkg:generic/python@3.12.4", "pkg:pypi/torch@2.0.0"];
    assert.equal(ofPackages(...purls, "pkg:generic/python@3.9.1"), "python 3.12.4, pytorch 2.0.0");
  });

  test("without a package URL count as Conda's, by their whole name, and are only declared", () => {
    const evidence = new Evidence();
    evidence.addPackage({ name: "cuda-cudart", version: "12.1.105" });
    evidence.addPackage({ name: "my-pytorch", version: "1" });
    assert.deepEqual(
      evidence.list.map(({ name, version, strength }) => [name, version, strength]),
      [["cuda", "12.1", "declared"]],
    );
  });

  test("an SBOM says more than a variable, unless it alone has the version", () => {
    const evidence = new Evidence();
    evidence.addVariable("NODE_VERSION", "22.1.0");
    evidence.addVariable("PYTHON_VERSION", "3.9.0");
    evidence.addPackage({ name: "npm", purl: "pkg:npm/npm@10.8.1" });
    evidence.addPackage({ name: "python", purl: "pkg:generic/python@3.8.0" });
    assert.equal(shown(evidence), "node 22.1.0, python 3.8.0");
  });
});

test("rules name packages by type, namespace and name, in lower case", () => {
  for (const { packages } of PACKAGE_RULES)
    for (const name of packages) assert.match(name, /^[a-z]+(?:\/[a-z0-9.*_+-]+)+$/);
});
