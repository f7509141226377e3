import type { Candidate, ExecutorPin, Resolution } from "@executor-registry/resolver";
import { capabilityLines } from "./capabilities.ts";

/** Why this image, for a person. */
export function explain(resolution: Resolution): string[] {
  const {
    type,
    image,
    source,
    reason,
    ambiguous,
    advice,
    digest,
    pullPolicy,
    nodes,
    template,
    staleSince,
    candidates,
    environment,
    validated,
    validatedAt,
    pin,
    owner,
    ownerFrom,
  } = resolution;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Type", type],
    ["Image", image],
    ["Digest", digest],
    ["Version", resolution.version],
    ["Source", source],
    ["Because", reason],
    [pin?.kind === "rollback" ? "Rolled back" : "Pinned", pin && heldBy(pin)],
    ["Owner", owner && (ownerFrom === undefined ? owner : `${owner} (${ownerFrom})`)],
    ["Validated", environment === "production" ? validation(validated, validatedAt) : undefined],
    ["Ambiguous", ambiguous ? "yes" : undefined],
    ["To do", advice],
    ["Stale since", staleSince],
    ["Pull policy", pullPolicy],
    ["Nodes", nodes && (nodes.length === 0 ? "none" : nodes.join(", "))],
    ["Job template", template && `${template.from}, container ${template.container}`],
  ];
  const known = facts.filter((fact): fact is readonly [string, string] => fact[1] !== undefined);
  const lines = known.map(([name, value]) => `${`${name}:`.padEnd(14)}${value}`);
  const warnings = resolution.warnings.map((warning) => `${"Warning:".padEnd(14)}${warning}`);
  const capabilities = capabilityLines(resolution);
  const capable = capabilities.length > 0 ? ["", ...capabilities] : [];
  return [...lines, ...warnings, ...capable, "", "Candidates, likeliest first:", ...candidates.flatMap(candidateLines)];
}

/** Who holds it, since when, how long, and why. */
function heldBy({ by, since, until, reason }: ExecutorPin): string {
  return `by ${by} since ${since}${until === undefined ? "" : ` until ${until}`}: ${reason}`;
}

/** Development checks nothing, so it says nothing of it. */
function validation(validated: boolean, at: string | undefined): string {
  if (!validated) return "no";
  return at === undefined ? "yes" : `yes, ${at}`;
}

function candidateLines({ image, version, evidence, nodes, sizeBytes }: Candidate, index: number): string[] {
  const facts = [
    ...(image.includes(version) ? [] : [version]),
    ...(sizeBytes === undefined ? [] : [size(sizeBytes)]),
    ...(nodes ? [nodes.length === 1 ? `on ${nodes[0]}` : `on ${nodes.length} nodes`] : []),
  ];
  return [
    `${String(index + 1).padStart(3)}. ${image}${facts.length > 0 ? `  (${facts.join(", ")})` : ""}`,
    ...evidence.map(({ kind, at, detail }) => `     ${kind}: ${detail}${at ? `, ${at}` : ""}`),
  ];
}

function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
