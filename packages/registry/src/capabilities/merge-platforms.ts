import type { Digest } from "@executor-registry/resolver";
import { compareDotted } from "@executor-registry/resolver/internal";
import type { FoundCapability } from "../model/capability.ts";
import { Evidence } from "./evidence.ts";

/** What was found of an image. */
export interface PlatformEvidence {
  /** The only platform that it is of, by its manifest; absent where it is of all. */
  readonly of?: Digest | undefined;
  readonly evidence: Evidence;
}

/**
 * What an image can do by what its platforms can. Where one of them lacks something, the evidence says which have it; of several versions
 * the lowest counts, since a Job may land on any platform.
 * @param platforms those that were looked at, with their names
 */
export function mergePlatforms(
  found: readonly PlatformEvidence[],
  platforms: ReadonlyMap<Digest, string>,
): readonly FoundCapability[] {
  const each = [...platforms].map(([digest, name]) => ({ name, evidence: evidenceOf(found, digest) }));
  if (each.length === 0) each.push({ name: "", evidence: evidenceOf(found, undefined) });
  const names = new Set(each.flatMap(({ evidence }) => evidence.list.map(({ name }) => name)));
  return [...names].sort().flatMap((name): readonly FoundCapability[] => {
    const having = each.flatMap((one) => {
      const capability = one.evidence.list.find((other) => other.name === name);
      return capability === undefined ? [] : [{ platform: one.name, capability }];
    });
    const [first, ...others] = having.map(({ capability }) => capability);
    if (first === undefined) return [];
    const weakest = others.reduce(lower, first);
    if (having.length === each.length || weakest.from === "platform") return [weakest];
    const where = having.map(({ platform }) => platform).join(", ");
    return [{ ...weakest, evidence: `${weakest.evidence} (${where} only)` }];
  });
}

function evidenceOf(found: readonly PlatformEvidence[], platform: Digest | undefined): Evidence {
  const all = new Evidence();
  for (const { of, evidence } of found) {
    if (of === undefined || of === platform || platform === undefined) all.addAll(evidence);
  }
  return all;
}

function lower(a: FoundCapability, b: FoundCapability): FoundCapability {
  if (a.version === undefined || b.version === undefined) return a.version === undefined ? b : a;
  return compareDotted(b.version, a.version) < 0 ? b : a;
}
