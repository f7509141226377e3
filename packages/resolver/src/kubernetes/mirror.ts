import type { ReflectionHandler } from "./reflector.ts";
import type { ExecutorRegistryError } from "../errors.ts";

/** The part of `metadata` that is read. */
export interface Metadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Any object of the API, as far as it is believed: the rest is looked at where it is needed. */
export interface KubernetesObject {
  readonly metadata: Metadata;
  readonly spec?: unknown;
  readonly data?: unknown;
}

export interface MirrorOptions<Value> {
  /** What is kept of an object. */
  read(object: KubernetesObject): Value;
  /** Something changed. Not called while a list is incomplete. */
  changed(): void;
  contact(problem: ExecutorRegistryError | undefined): void;
}

/** Keeps what matters of a small collection, by name. */
export interface Mirror<Value> extends ReflectionHandler {
  values(): Iterable<Value>;
}

export function createMirror<Value>({ read, changed, contact }: MirrorOptions<Value>): Mirror<Value> {
  let values = new Map<string, Value>();
  let listing = new Map<string, Value>();
  return {
    values: () => values.values(),
    begin() {
      listing = new Map();
    },
    upsert(object, listed) {
      const known = object as KubernetesObject;
      (listed ? listing : values).set(known.metadata.name, read(known));
      if (!listed) changed();
    },
    remove(object) {
      if (values.delete((object as KubernetesObject).metadata.name)) changed();
    },
    synced() {
      values = listing;
      changed();
    },
    contact,
  };
}
