import type { Clock, Random } from "../../clock.ts";
import { InvalidTypeError } from "../../reference/errors.ts";
import { tryParseReference } from "../../reference/reference.ts";
import { parseExecutorType } from "../../reference/template.ts";
import type { Logger } from "../../logger.ts";
import type { Finding } from "../../resolution.ts";
import type { Source } from "../../source.ts";
import { SourceState } from "../../source-state.ts";
import type { KubernetesApi } from "../api.ts";
import { isPlaceholder, placeholderNote } from "../declared/declaration.ts";
import { exactFinding } from "../declared/exact.ts";
import { createMirror } from "../mirror.ts";
import { reflect } from "../reflector.ts";

export interface ConfigMapSourceOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  /** Its name. */
  readonly name: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** Executors listed in one ConfigMap: each key a type, each value an image reference. */
export function createConfigMapSource({ api, namespace, name, log, clock, random }: ConfigMapSourceOptions): Source {
  const state = new SourceState(clock);
  const ending = new AbortController();
  const from = `ConfigMap/${name}`;
  let findings = new Map<string, Finding>();
  let notes: readonly string[] = [];

  const handler = createMirror({
    read: (object) => (object.data ?? {}) as Readonly<Record<string, string>>,
    changed() {
      const readings = [...handler.values()].flatMap((data) =>
        Object.entries(data).map(([type, value]) => [type, readEntry(from, type, value)] as const),
      );
      notes = readings.map(([, reading]) => reading).filter((reading) => typeof reading === "string");
      findings = new Map(readings.filter((entry): entry is [string, Finding] => typeof entry[1] === "object"));
      state.changed();
    },
    contact: (problem) => (problem ? state.lost(problem) : state.ready()),
  });
  const running = reflect({
    api,
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    // With this selector RBAC can allow the one ConfigMap by its name.
    query: { fieldSelector: `metadata.name=${name}` },
    handler,
    signal: ending.signal,
    log,
    clock,
    random,
  });

  return {
    name: "configmap",
    settled: state.settled,
    status: () => state.status(),
    find: (type) => findings.get(type),
    types: () => findings.keys(),
    notes: () => notes,
    onChange: (listener) => state.onChange(listener),
    async close() {
      ending.abort();
      await running;
      state.close();
    },
  };
}

function readEntry(from: string, type: string, value: string): Finding | string {
  try {
    parseExecutorType(type);
  } catch (error) {
    if (error instanceof InvalidTypeError) return `${from} has a key that is ignored: ${error.message}`;
    throw error;
  }
  const key = `${from} key ${type}`;
  const reference = tryParseReference(value.trim());
  if (!reference) return `${key} is ignored: its value is no image reference`;
  if (isPlaceholder(reference)) return placeholderNote(key, reference);
  return exactFinding({ reference, from: key, warnings: [] });
}
