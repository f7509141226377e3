import { type JsonObject, memberAt, objectsOf, textOf, textsOf } from "@executor-registry/resolver/internal";
import { KubernetesError } from "@executor-registry/resolver/kubernetes";
import { type Check, type DoctorContext, listed } from "./check.ts";

/** kubelet's `nodeStatusMaxImages` by default. A node that reports more has another limit. */
const CAP = 50;
const LIFTED = `kubeadmConfigPatches:
  - |
    apiVersion: kubelet.config.k8s.io/v1beta1
    kind: KubeletConfiguration
    nodeStatusMaxImages: -1
`;
const IMPORTED = /(?:^|\/)import-\d{4}-\d{2}-\d{2}@/;

/** Whether what nodes report is all they have. */
export async function checkNodes({ api, signal }: DoctorContext): Promise<readonly Check[]> {
  try {
    const page = await api.request("/api/v1/nodes", { query: { limit: 500 }, signal });
    const items = memberAt(page, "items");
    if (!Array.isArray(items)) {
      return [{ state: "warn", name: "node images", detail: "the API server answered with something else than nodes" }];
    }
    const nodes = objectsOf(items).map(reportOf);
    const remaining = memberAt(page, "metadata", "remainingItemCount");
    const all = nodes.length + (typeof remaining === "number" ? remaining : 0);
    const seen: Check = {
      state: "ok",
      name: "node images",
      detail: `${all} ${all === 1 ? "node reports" : "nodes report"} images`,
    };
    return [seen, ...capped(nodes), ...nameless(nodes), ...silent(nodes)];
  } catch (error) {
    if (error instanceof KubernetesError && error.code === "forbidden") return [];
    throw error;
  }
}

interface Reported {
  readonly name: string;
  /** The names of each. */
  readonly images: readonly (readonly string[])[];
}

function reportOf(node: JsonObject): Reported {
  const name = textOf(memberAt(node, "metadata", "name")) ?? "a node without a name";
  return { name, images: objectsOf(memberAt(node, "status", "images")).map(({ names }) => textsOf(names)) };
}

function capped(nodes: readonly Reported[]): Check[] {
  const full = nodes.filter(({ images }) => images.length === CAP);
  if (full.length === 0) return [];
  return [
    {
      state: "warn",
      name: "node images: limit",
      detail: `${listed(full.map(({ name }) => name))}: exactly ${CAP} images; a kubelet reports no more than its ${CAP} largest, so small executors may be missing`,
      fix: `remove old images, declare the executors, or lift the limit. In kind's configuration of the cluster:
${LIFTED}`,
    },
  ];
}

function nameless(nodes: readonly Reported[]): Check[] {
  const hidden = nodes.filter(({ images }) =>
    images.some((names) => names.length > 0 && names.every((name) => IMPORTED.test(name))),
  );
  if (hidden.length === 0) return [];
  return [
    {
      state: "warn",
      name: "node images: names",
      detail: `${listed(hidden.map(({ name }) => name))}: images whose only reported names are import dates; one of them may be an executor loaded without a tag, or on five days or more`,
      fix: "give the image a new tag and load it again, or declare the executor",
    },
  ];
}

function silent(nodes: readonly Reported[]): Check[] {
  const none = nodes.filter(({ images }) => images.length === 0);
  return none.length === 0
    ? []
    : [
        {
          state: "warn",
          name: "node images: none",
          detail: `${listed(none.map(({ name }) => name))}: no images; the kubelet may have just started, or have nodeStatusMaxImages: 0`,
        },
      ];
}
