import { ExecutorRegistryError } from "../tools/errors.ts";
import { nearMisses } from "../tools/near-misses.ts";
import type { SourceName } from "./resolution.ts";

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
