import { KubernetesError } from "@executor-registry/resolver/kubernetes";
import type { Finding, Patient } from "./check.ts";

/** kubelet's `nodeStatusMaxImages` where nobody changed it. */
const CAP = 50;
const IMPORTED = /(?:^|\/)import-\d{4}-\d{2}-\d{2}@/;

interface Node {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly images?: readonly { readonly names?: readonly string[] | null }[] | null };
}

/** Whether what nodes report is all they have. */
export async function checkNodes({ api, signal }: Patient): Promise<readonly Finding[]> {
  const check = "node images";
  try {
    const { items, metadata } = (await api.request("/api/v1/nodes", { query: { limit: 500 }, signal })) as {
      readonly items: readonly Node[];
      readonly metadata?: { readonly remainingItemCount?: number };
    };
    const nodes = items.map(({ metadata: { name }, status }) => ({ name, images: status?.images ?? [] }));
    const all = nodes.length + (metadata?.remainingItemCount ?? 0);
    const seen: Finding = {
      state: "ok",
      check,
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
  readonly images: readonly { readonly names?: readonly string[] | null }[];
}

const listed = (nodes: readonly Reported[]): string =>
  nodes
    .slice(0, 5)
    .map(({ name }) => name)
    .join(", ") + (nodes.length > 5 ? ` and ${nodes.length - 5} more` : "");

function capped(nodes: readonly Reported[]): Finding[] {
  const full = nodes.filter(({ images }) => images.length >= CAP);
  if (full.length === 0) return [];
  return [
    {
      state: "warn",
      check: "node images: limit",
      detail: `${listed(full)} lists ${CAP} images or more; by default a kubelet leaves out all but the ${CAP} largest, so small executors may be missing`,
      fix: `remove old images, declare the executors, or lift the limit. In kind, when creating the cluster:
nodes:
  - role: control-plane
    kubeadmConfigPatches:
      - |
        kind: KubeletConfiguration
        nodeStatusMaxImages: -1
`,
    },
  ];
}

function nameless(nodes: readonly Reported[]): Finding[] {
  const hidden = nodes.filter(({ images }) =>
    images.some(({ names }) => names?.length && names.every((name) => IMPORTED.test(name))),
  );
  if (hidden.length === 0) return [];
  return [
    {
      state: "warn",
      check: "node images: names",
      detail: `${listed(hidden)} has images whose only reported names are import dates; one of them may be an executor loaded without a tag, or loaded on five days or more`,
      fix: "give the image a new tag and load it again, or declare the executor",
    },
  ];
}

function silent(nodes: readonly Reported[]): Finding[] {
  const none = nodes.filter(({ images }) => images.length === 0);
  return none.length === 0
    ? []
    : [
        {
          state: "warn",
          check: "node images: none",
          detail: `${listed(none)} reports no images; its kubelet may have just started, or have nodeStatusMaxImages: 0`,
        },
      ];
}
