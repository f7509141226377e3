import { hash } from "node:crypto";

/** How a version of a capability is taken from a text. */
export type VersionFrom =
  /** The numbers that it begins with: `2.4.0` of `2.4.0+cu124`. */
  | "numbers"
  /** The first two of them: `12.4` of `12.4.127`, where the third counts something else. */
  | "two-numbers"
  /** As numbers, but for Java before 9: `8` of `1.8.0_392`. */
  | "java"
  /** That of CUDA in a build's name: `12.4` of `2.4.0+cu124`. Without it the rule does not apply, as for `+cpu`. */
  | "cuda-build"
  /** That of ROCm: `6.1` of `2.4.0+rocm6.1`. */
  | "rocm-build"
  /** It says none of the capability. */
  | "none";

/** A capability, and the packages that show it. */
export interface PackageRule {
  readonly capability: string;
  /** Type, namespace and name of package URLs; `*` stands for anything within a segment. */
  readonly packages: readonly string[];
  /** @default "numbers" */
  readonly version?: VersionFrom;
}

/** A capability, and the variables of an image's configuration that declare it. */
export interface VariableRule {
  readonly capability: string;
  readonly variables: readonly string[];
  /** @default "numbers" */
  readonly version?: VersionFrom;
}

/** Distributions' packages are of a distribution: `deb/debian/…`, `rpm/rocky/…`, `apk/alpine/…`. */
export const PACKAGE_RULES: readonly PackageRule[] = [
  {
    capability: "python",
    packages: [
      "generic/python",
      "deb/*/python3",
      "deb/*/python3-minimal",
      "deb/*/python3.*",
      "rpm/*/python3",
      "rpm/*/python3.*",
      "apk/*/python3",
      "apk/*/python-3.*",
      "conda/python",
    ],
  },
  { capability: "node", packages: ["generic/node", "deb/*/nodejs", "rpm/*/nodejs", "apk/*/nodejs*", "conda/nodejs"] },
  { capability: "node", packages: ["npm/npm"], version: "none" },
  {
    capability: "java",
    version: "java",
    packages: [
      "generic/openjdk",
      "generic/jdk",
      "generic/jre",
      "generic/graalvm",
      "generic/*/openjdk",
      "generic/*/jdk",
      "generic/*/jre",
      "generic/*/graalvm",
      "generic/*/zulu",
      "generic/ibm/java",
      "deb/*/openjdk-*-jre*",
      "deb/*/openjdk-*-jdk*",
      "deb/*/temurin-*-jre",
      "deb/*/temurin-*-jdk",
      "deb/*/zulu*-jre*",
      "deb/*/zulu*-jdk*",
      "rpm/*/java-*-openjdk*",
      "rpm/*/java-*-amazon-corretto*",
      "rpm/*/temurin-*-jre",
      "rpm/*/temurin-*-jdk",
      "apk/*/openjdk*-jre*",
      "conda/openjdk",
    ],
  },
  { capability: "pytorch", packages: ["pypi/torch", "conda/pytorch", "conda/pytorch-cpu", "conda/pytorch-gpu"] },
  {
    capability: "tensorflow",
    packages: ["pypi/tensorflow", "pypi/tensorflow-cpu", "pypi/tensorflow-gpu", "conda/tensorflow"],
  },
  { capability: "jax", packages: ["pypi/jax", "conda/jax"] },
  { capability: "onnxruntime", packages: ["pypi/onnxruntime", "pypi/onnxruntime-gpu", "conda/onnxruntime"] },
  { capability: "transformers", packages: ["pypi/transformers", "conda/transformers"] },
  { capability: "spacy", packages: ["pypi/spacy", "conda/spacy"] },
  { capability: "sklearn", packages: ["pypi/scikit-learn", "conda/scikit-learn"] },
  {
    capability: "opencv",
    packages: [
      "pypi/opencv-python",
      "pypi/opencv-python-headless",
      "pypi/opencv-contrib-python",
      "pypi/opencv-contrib-python-headless",
      "deb/*/libopencv-core*",
      "conda/opencv",
    ],
  },
  { capability: "vllm", packages: ["pypi/vllm"] },
  { capability: "spark", packages: ["maven/org.apache.spark/spark-core_*", "pypi/pyspark", "conda/pyspark"] },
  {
    capability: "flink",
    packages: [
      "maven/org.apache.flink/flink-core",
      "maven/org.apache.flink/flink-runtime*",
      "maven/org.apache.flink/flink-dist*",
      "maven/org.apache.flink/flink-streaming-java*",
      "pypi/apache-flink",
    ],
  },
  // Connectors have versions of their own.
  { capability: "flink", packages: ["maven/org.apache.flink/*"], version: "none" },
  { capability: "ray", packages: ["pypi/ray", "conda/ray-core"] },
  { capability: "dask", packages: ["pypi/dask", "conda/dask", "conda/dask-core"] },
  {
    capability: "cuda",
    version: "two-numbers",
    packages: [
      "pypi/nvidia-cuda-runtime",
      "pypi/nvidia-cuda-runtime-cu*",
      "deb/*/cuda-cudart-*",
      "rpm/*/cuda-cudart-*",
      "conda/cuda-cudart",
      "conda/cudatoolkit",
      "conda/cuda-version",
      "conda/pytorch-cuda",
    ],
  },
  {
    capability: "cuda",
    version: "cuda-build",
    packages: ["pypi/torch", "pypi/torchvision", "pypi/torchaudio", "pypi/jaxlib", "pypi/vllm"],
  },
  {
    capability: "cudnn",
    packages: [
      "pypi/nvidia-cudnn",
      "pypi/nvidia-cudnn-cu*",
      "deb/*/libcudnn*",
      "deb/*/cudnn9-cuda-*",
      "rpm/*/libcudnn*",
      "conda/cudnn",
    ],
  },
  {
    capability: "nccl",
    packages: ["pypi/nvidia-nccl", "pypi/nvidia-nccl-cu*", "deb/*/libnccl2", "rpm/*/libnccl", "conda/nccl"],
  },
  {
    capability: "tensorrt",
    packages: ["pypi/tensorrt", "pypi/tensorrt-cu*", "deb/*/libnvinfer*", "deb/*/tensorrt", "rpm/*/libnvinfer*"],
  },
  { capability: "rocm", packages: ["deb/*/rocm-core", "rpm/*/rocm-core"] },
  { capability: "rocm", version: "two-numbers", packages: ["deb/*/hip-runtime-amd", "rpm/*/hip-runtime-amd"] },
  { capability: "rocm", version: "rocm-build", packages: ["pypi/torch", "pypi/torchvision", "pypi/vllm"] },
];

/** Variables are inherited from base images and copied by hand: they declare, and show nothing. */
export const VARIABLE_RULES: readonly VariableRule[] = [
  { capability: "cuda", variables: ["CUDA_VERSION"] },
  { capability: "cuda", variables: ["NV_CUDA_CUDART_VERSION"], version: "two-numbers" },
  { capability: "cudnn", variables: ["NV_CUDNN_VERSION", "CUDNN_VERSION"] },
  { capability: "nccl", variables: ["NV_LIBNCCL_PACKAGE_VERSION", "NCCL_VERSION"] },
  { capability: "tensorrt", variables: ["TENSORRT_VERSION", "TRT_VERSION"] },
  { capability: "pytorch", variables: ["PYTORCH_VERSION"] },
  { capability: "rocm", variables: ["ROCM_VERSION"] },
  { capability: "rocm", variables: ["ROCM_PATH"], version: "none" },
  { capability: "python", variables: ["PYTHON_VERSION"] },
  { capability: "node", variables: ["NODE_VERSION"] },
  { capability: "java", variables: ["JAVA_VERSION"], version: "java" },
  { capability: "java", variables: ["JAVA_HOME"], version: "none" },
];

/** Raised when what the rules mean changes, and they do not. */
const MEANING = 1;

/** Of the rules: what was found by others is looked for again. */
export const RULES_FINGERPRINT = hash(
  "sha256",
  JSON.stringify([MEANING, PACKAGE_RULES, VARIABLE_RULES]),
  "base64url",
).slice(0, 16);
