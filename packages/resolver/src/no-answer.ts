import type { ExecutorRegistryError } from "./errors.ts";
import { type RbacFeature, rbacManifest } from "./kubernetes/rbac.ts";
import { ForbiddenError, UnknownTypeError } from "./resolver-errors.ts";
import type { Source } from "./source.ts";

/** Why no source could answer: RBAC, no contact, or there is no such executor. */
export function noAnswer(type: string, sources: readonly Source[], namespace: string): ExecutorRegistryError {
  const broken = sources.flatMap((source) => {
    const { state, problem } = source.status();
    return state === "unavailable" && problem ? [{ name: source.name, problem }] : [];
  });
  const forbidden = broken.filter(({ problem }) => problem.code === "forbidden");
  const [first] = forbidden;
  if (first) {
    const names = forbidden.map(({ name }) => name);
    const features = names.filter(
      (name): name is Extract<RbacFeature, typeof name> => name !== "registry" && name !== "oci-layout",
    );
    const subject = { kind: "ServiceAccount", name: "default", namespace } as const;
    const manifest = rbacManifest(features, { namespace, subject });
    return new ForbiddenError(
      `no image of executor type "${type}" is known, and ${names.join(", ")} may not be read`,
      manifest,
      first.problem,
    );
  }
  const known = sources.flatMap((source) => [...source.types()]);
  const [lost] = broken;
  if (lost && (broken.length === sources.length || known.length === 0)) return lost.problem;
  const hints = [
    ...broken.map(({ name, problem }) => `${name} could not be read: ${problem.message}`),
    ...sources.flatMap((source) => source.notes?.() ?? []),
  ];
  return new UnknownTypeError(type, known, hints);
}
