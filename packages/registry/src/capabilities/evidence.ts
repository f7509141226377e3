import { compareDotted } from "@executor-registry/resolver/internal";
import type { FoundCapability } from "../model/capability.ts";
import { oneLine } from "../model/one-line.ts";
import { parsePackageUrl } from "../model/package-url.ts";
import { PACKAGE_RULES, type PackageRule, VARIABLE_RULES, type VariableRule } from "./rules.ts";
import type { SbomPackage } from "./sbom-format.ts";
import { VERSION_FROM } from "./version-from.ts";

const EVIDENCE_CHARACTERS = 200;

interface PackagePattern {
  readonly matches: RegExp;
  readonly rule: PackageRule;
}

/** The rules by what they name exactly, and those with patterns by the packages' type. */
const exact = new Map<string, PackageRule[]>();
const patterns = new Map<string, PackagePattern[]>();
for (const rule of PACKAGE_RULES) {
  for (const name of rule.packages) {
    if (!name.includes("*")) addTo(exact, name, rule);
    else addTo(patterns, typeOf(name), { matches: globbed(name), rule });
  }
}
const byVariable = new Map<string, VariableRule[]>();
for (const rule of VARIABLE_RULES) for (const name of rule.variables) addTo(byVariable, name, rule);

/** Whether a variable of an image is looked at: all others may be secrets. */
export const isMeant = (variable: string): boolean => byVariable.has(variable);

/** What packages and variables show, by the rules: of each capability the best. */
export class Evidence {
  readonly #best = new Map<string, FoundCapability>();

  /** Of what has no package URL the name alone is known: it counts as Conda's, whose packages come without. */
  addPackage({ name, version, purl }: SbomPackage): void {
    const url = parsePackageUrl(purl ?? "");
    const key = url?.key ?? `conda/${name}`;
    const installed = url?.version ?? version;
    for (const rule of rulesFor(key)) {
      const said = VERSION_FROM[rule.version ?? "numbers"](installed ?? "");
      if (said === undefined) continue;
      const strength = url === undefined ? "declared" : "found";
      const evidence = `${url === undefined ? `package ${name}` : `pkg:${key}`}${installed ? `@${installed}` : ""}`;
      this.add({ name: rule.capability, ...said, from: "sbom", strength, evidence });
    }
  }

  addVariable(name: string, value: string): void {
    if (value === "") return;
    for (const rule of byVariable.get(name) ?? []) {
      const said = VERSION_FROM[rule.version ?? "numbers"](value);
      if (said === undefined) continue;
      const evidence = `${name}=${value}`;
      this.add({ name: rule.capability, ...said, from: "environment", strength: "declared", evidence });
    }
  }

  add(found: FoundCapability): void {
    const before = this.#best.get(found.name);
    if (before !== undefined && !isBetter(found, before)) return;
    this.#best.set(found.name, { ...found, evidence: oneLine(found.evidence, EVIDENCE_CHARACTERS) });
  }

  addAll({ list }: Evidence): void {
    for (const found of list) this.add(found);
  }

  get list(): readonly FoundCapability[] {
    return [...this.#best.values()];
  }
}

/** A version is better than none; what is found than what is said; the higher of two versions than the lower. */
function isBetter(a: FoundCapability, b: FoundCapability): boolean {
  if ((a.version === undefined) !== (b.version === undefined)) return a.version !== undefined;
  if (a.strength !== b.strength) return a.strength === "found";
  return a.version !== undefined && b.version !== undefined && compareDotted(a.version, b.version) > 0;
}

function rulesFor(key: string): readonly PackageRule[] {
  const matching = (patterns.get(typeOf(key)) ?? []).filter(({ matches }) => matches.test(key));
  return [...(exact.get(key) ?? []), ...matching.map(({ rule }) => rule)];
}

function typeOf(key: string): string {
  return key.slice(0, key.indexOf("/"));
}

function globbed(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.+]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^/]*")}$`);
}

function addTo<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
