import type { ReflectionHandler } from "./reflector.ts";
import type { ExecutorRegistryError } from "../../tools/errors.ts";

/** The part of `metadata` that is read. */
export interface Metadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** ISO 8601 in UTC. */
  readonly creationTimestamp?: string;
  /** Who changed what last, and when. */
  readonly managedFields?: readonly { readonly time?: string; readonly fieldsV1?: object }[];
}

/** Any object of the API, as far as it is believed: the rest is looked at where it is needed. */
export interface KubernetesObject {
  readonly metadata: Metadata;
  readonly spec?: unknown;
  readonly data?: unknown;
}

export interface MirrorOptions<Value> {
  /** What is kept of an object; `undefined` keeps nothing. */
  read(object: KubernetesObject): Value | undefined;
  /** What is kept may have changed. Not called while a list is incomplete. */
  changed(): void;
  contact(problem: ExecutorRegistryError | undefined): void;
}

/** Keeps what matters of a small collection, by name. */
export interface Mirror<Value> extends ReflectionHandler {
  values(): Iterable<Value>;
  /** Whether a full list was ever received. */
  complete(): boolean;
}

export function createMirror<Value>({ read, changed, contact }: MirrorOptions<Value>): Mirror<Value> {
  let values = new Map<string, Value>();
  let listing = new Map<string, Value>();
  let complete = false;
  return {
    values: () => values.values(),
    complete: () => complete,
    begin() {
      listing = new Map();
    },
    upsert(object, listed) {
      const known = object as KubernetesObject;
      const { name } = known.metadata;
      const value = read(known);
      const into = listed ? listing : values;
      const kept = value === undefined ? into.delete(name) : into.set(name, value);
      if (!listed && kept) changed();
    },
    remove(object) {
      if (values.delete((object as KubernetesObject).metadata.name)) changed();
    },
    synced() {
      values = listing;
      complete = true;
      changed();
    },
    contact,
  };
}
