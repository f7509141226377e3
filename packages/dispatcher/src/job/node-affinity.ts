import { type JsonObject, objectOf, objectsOf } from "@executor-registry/resolver/internal";

/** Each node is a term of its own, and a pod's size has limits. */
const MAX_TERMS = 100;
const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";

/**
 * A pod that lands on one of these nodes, and nowhere its own affinity forbids.
 * A term may name one node only, and terms are alternatives; so every term of the pod is combined with every node,
 * as far as 100 terms go.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#NodeSelectorTerm
 */
export function onNodes(spec: JsonObject, nodes: readonly string[]): JsonObject {
  if (nodes.length === 0) return spec;
  const affinity = objectOf(spec["affinity"]);
  const nodeAffinity = objectOf(affinity["nodeAffinity"]);
  const terms = objectsOf(objectOf(nodeAffinity[REQUIRED])["nodeSelectorTerms"]);
  // A term that asks for nothing matches no node, and must not come to match one.
  const asking = terms.filter((term) => Object.values(term).some((list) => Array.isArray(list) && list.length > 0));
  if (terms.length > 0 && asking.length === 0) return spec;

  const alternatives = asking.length === 0 ? [{} as JsonObject] : asking;
  const some = nodes.slice(0, Math.max(1, Math.floor(MAX_TERMS / alternatives.length)));
  const nodeSelectorTerms = alternatives.flatMap((term) =>
    some.map((node) => ({
      ...term,
      matchFields: [...objectsOf(term["matchFields"]), { key: "metadata.name", operator: "In", values: [node] }],
    })),
  );
  return { ...spec, affinity: { ...affinity, nodeAffinity: { ...nodeAffinity, [REQUIRED]: { nodeSelectorTerms } } } };
}
