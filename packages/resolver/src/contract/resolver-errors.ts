import { ExecutorRegistryError } from "../tools/errors.ts";
import { nearMisses } from "../tools/near-misses.ts";
import { CAPABILITIES_LABEL } from "./capability.ts";
import { type Need, needText } from "./needs.ts";
import type { Environment, SourceName } from "./resolution.ts";

/** One rule of a Role or ClusterRole. */
export interface RbacRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** What is known of a type that has no image. */
export interface UnknownTypeFacts {
  readonly knownTypes: Iterable<string>;
  /** @default the known types that look like it */
  readonly nearMisses?: readonly string[];
  /** Why, where there is more to say than that no image is known. */
  readonly why?: string;
  /** The whole message, as the registry service gave it. */
  readonly message?: string;
  /** What could not be read, one sentence each: an image of the type may be there. */
  readonly incomplete?: readonly string[];
}

/** No source knows an image of this executor type. */
export class UnknownTypeError extends ExecutorRegistryError {
  override readonly name = "UnknownTypeError";
  readonly type: string;
  /** Known types that look like it, closest first. */
  readonly nearMisses: readonly string[];
  /** All known types, sorted. */
  readonly knownTypes: readonly string[];
  /** What could not be read, one sentence each. Where something is named here, an image of the type may be there. */
  readonly incomplete: readonly string[];

  constructor(type: string, known: Iterable<string> | UnknownTypeFacts, hints: readonly string[] = []) {
    const facts: UnknownTypeFacts = "knownTypes" in known ? known : { knownTypes: known };
    const knownTypes = [...new Set(facts.knownTypes)].sort();
    const near = facts.nearMisses ?? nearMisses(type, knownTypes);
    const others =
      knownTypes.length === 0 ? "no executor is known at all" : `known types: ${knownTypes.slice(0, 20).join(", ")}`;
    const parts = [
      facts.why ?? `no image of executor type "${type}" is known`,
      near.length > 0 ? `did you mean ${near.join(" or ")}?` : others,
      ...hints,
    ];
    super("unknown-type", facts.message ?? parts.join("; "));
    this.type = type;
    this.nearMisses = near;
    this.knownTypes = knownTypes;
    this.incomplete = facts.incomplete ?? [];
  }
}

/** A type that lacks something of what was needed. */
export interface NearType {
  readonly type: string;
  /** What it lacks, a phrase each: `cuda>=12 (it has cuda 11.8)`. */
  readonly lacks: readonly string[];
  /** Why it may be able to do more than is known. */
  readonly incomplete?: string;
}

/** Types that the message names. */
const NAMED_TYPES = 5;

/** No executor type's image can do all that is needed, as far as is known. */
export class NoMatchError extends ExecutorRegistryError {
  override readonly name = "NoMatchError";
  /** As they were read: `cuda>=12`. */
  readonly needs: readonly string[];
  /** All known types, those that lack least first. */
  readonly near: readonly NearType[];

  constructor(needs: readonly Need[], near: readonly NearType[], environment: Environment) {
    const texts = needs.map(needText);
    const named = near.slice(0, NAMED_TYPES);
    const more = near.length - named.length;
    const reasons = [
      ...named.map(({ type, lacks }) => `${type} lacks ${lacks.join(", ")}`),
      ...(more > 0 ? [`${more} more types lack as much or more`] : []),
    ];
    const why = near.length === 0 ? "no executor is known at all" : reasons.join("; ");
    super("no-match", `no executor type has ${texts.join(" and ")}: ${why}${remedy(texts, named, environment)}`);
    this.needs = texts;
    this.near = near;
  }
}

/** That nothing is known of a capability does not show that it is not there. */
function remedy(needs: readonly string[], named: readonly NearType[], environment: Environment): string {
  const first = named.find(({ incomplete }) => incomplete !== undefined);
  if (first === undefined) return "";
  const words = needs.map((need) => need.replace(/[<>]?=/, "=")).join(", ");
  const what =
    environment === "development"
      ? `in development, annotate the CronJob or Deployment that declares it with ${CAPABILITIES_LABEL}: ${words}`
      : `attach an SBOM to its image, or declare what it can do by the image's label ${CAPABILITIES_LABEL}`;
  return `. Not everything is known of ${first.type} (${first.incomplete}): ${what}`;
}

/** A source that might name the image was never read, so the answer of another one cannot be trusted. It is tried on. */
export class SourceUnreadError extends ExecutorRegistryError {
  override readonly name = "SourceUnreadError";
  readonly source: SourceName;

  /** @param what the source, as text @param unknown what is not known because of it @param problem has the error's code */
  constructor(
    { source, what, unknown }: { readonly source: SourceName; readonly what: string; readonly unknown: string },
    problem: ExecutorRegistryError | undefined,
  ) {
    const why = problem?.message ?? "there was no answer in time";
    super(problem?.row ?? "timeout", `${what} could not be read yet, so ${unknown}: ${why}`, {
      cause: problem,
      retryable: true,
    });
    this.source = source;
  }
}

/** RBAC keeps the sources that could answer from doing so. The message ends with the YAML to apply. */
export class ForbiddenError extends ExecutorRegistryError {
  override readonly name = "ForbiddenError";
  /** What a Role, or for nodes a ClusterRole, has to allow. */
  readonly rules: readonly RbacRule[];
  /** Roles with these rules and their bindings, ready to apply, as YAML documents. */
  readonly manifest: string;

  constructor(
    what: string,
    { rules, manifest }: { readonly rules: readonly RbacRule[]; readonly manifest: string },
    cause: unknown,
  ) {
    super("forbidden", `${what}. To allow it, apply:\n${manifest}`, { cause });
    this.rules = rules;
    this.manifest = manifest;
  }
}

/** Options or environment variables that contradict each other, or ask for what this release does not have. */
export class ConfigurationError extends ExecutorRegistryError {
  override readonly name = "ConfigurationError";

  constructor(message: string) {
    super("configuration", message);
  }
}

/** A resolver was used after `close()`. */
export class ClosedError extends ExecutorRegistryError {
  override readonly name = "ClosedError";

  constructor() {
    super("closed", "the resolver is closed");
  }
}
